import type { AnomalyDetection } from '@sonde/anomaly-detection';
import { type EventDefinition, type EventRecord, eventStream, Severity } from '@sonde/event-stream';
import type { BlockedLoopReport } from '@sonde/instrumentation-scheduler';
import { tellBlockedLoop } from '../src/blocked-loop-listeners.ts';
import { started } from '../src/handle-state.ts';
import { sonde } from '../src/sonde.ts';

const ORDER: EventDefinition = {
  name: 'shop.order',
  category: 'process',
  severity: Severity.INFO,
  description: 'An order was placed.',
  value: { key: 'shop.order.total', unit: '1', description: 'Its total.' },
  detail: { key: 'shop.order.items', unit: '1', description: 'How many items it has.' },
  labels: [{ key: 'shop.payment', description: 'How it was paid.' }],
  text: { key: 'shop.order.note', description: 'What the customer wrote.' },
};

describe('the handle', () => {
  let ended = 0;
  const start = (anomalies?: AnomalyDetection): void => {
    started().runtime = {
      instrumentationNames: [],
      anomalies,
      async flush() {},
      async shutdown() {
        ended += 1;
      },
    };
  };
  afterEach(() => {
    started().runtime = undefined;
  });

  it('does nothing until something is started', async () => {
    sonde.emit(ORDER, { value: 7 });
    expect(sonde.stats()).toMatchObject({ isStarted: false, events: { produced: 0, bytes: 0 } });
    expect(sonde.query().count()).toBe(0);
    await sonde.shutdown();
    expect(ended).toBe(0);
  });

  it('emits into the stream of the thread, where subscriptions and queries find it', () => {
    start();
    const subscription = sonde.subscribe({ from: 'now' });
    sonde.emit(ORDER);
    sonde.emit(ORDER, { value: 20, detail: 2, labels: { 'shop.payment': 'card' } });
    sonde.emit(ORDER, { value: 30, labels: { 'shop.payment': 'cash' }, text: 'as a gift' });
    sonde.emit(ORDER, { detail: 4, text: 'twice' });
    eventStream().flush();
    const records = subscription.read();
    subscription.close();
    expect(records.map(({ value, detail, labels, text }) => ({ value, detail, labels, text }))).toEqual([
      { value: NaN, detail: NaN, labels: {}, text: '' },
      { value: 20, detail: 2, labels: { 'shop.payment': 'card' }, text: '' },
      { value: 30, detail: NaN, labels: { 'shop.payment': 'cash' }, text: 'as a gift' },
      { value: NaN, detail: 4, labels: {}, text: 'twice' },
    ]);
    expect(sonde.query().where({ name: 'shop.order' }).sum()).toBe(50);
    expect(sonde.stats()).toMatchObject({ isStarted: true, events: { produced: 4 } });
  });

  it('never throws for what it is given, and counts it', () => {
    start();
    const bad: unknown[] = [undefined, null, {}, { ...ORDER, name: '' }, { ...ORDER, severity: 99 }];
    for (const definition of bad) sonde.emit(definition as EventDefinition, { value: 1 });
    sonde.emit(ORDER, { labels: { 'no.such.label': 'x' } });
    sonde.emit(ORDER, null as never);
    expect(sonde.stats().dropped.get('node.emit')).toBe(bad.length + 2);
  });

  it('tells what belongs to a chain, and runs the code in it whether anything is started or not', () => {
    expect(sonde.runInChain('order-4710', () => 'ran')).toBe('ran');
    expect(() => sonde.runInChain('order-4710', 5 as never)).toThrow('runInChain: work must be a function, got 5');
    sonde.emitInChain(ORDER, 'order-4710', { value: 1 });
    expect(sonde.timeline('order-4710')).toEqual([]);
    start();
    sonde.emitInChain(ORDER, 'order-4711', { value: 2 });
    sonde.emitInChain(ORDER, 'order-4711', { value: 3 });
    expect(sonde.timeline('order-4711').map(({ event }) => event.value)).toEqual([2, 3]);
    expect(sonde.trace('order-4711').spans).toHaveLength(1);
    const [first, second] = sonde.timeline('order-4711').map(({ event }) => event);
    expect(sonde.ancestors(second as EventRecord)).toEqual([first]);
    expect(sonde.descendants(first as EventRecord)).toEqual([second]);
    expect(sonde.runInChain('order-4711', () => 'ran')).toBe('ran');
    expect(() => sonde.emitCausal(null as never)).not.toThrow();
  });

  it('tells each listener what blocked the loop, also when another one throws', () => {
    const report = { turn: 1 } as BlockedLoopReport;
    const heard: number[] = [];
    const listener = ({ turn }: BlockedLoopReport): number => heard.push(turn);
    const undo = [
      sonde.onBlockedLoop(() => {
        throw new Error('no');
      }),
      sonde.onBlockedLoop(listener),
      sonde.onBlockedLoop(listener),
    ];
    tellBlockedLoop(report);
    undo[1]?.();
    tellBlockedLoop(report);
    for (const stop of undo) stop();
    tellBlockedLoop(report);
    expect(heard).toEqual([1, 1, 1]);
    expect(() => sonde.onBlockedLoop(7 as never)).toThrow(
      new TypeError('onBlockedLoop: listener must be a function, got number'),
    );
  });

  it('tells each listener of anomalies while something looks for them, and nobody where nothing does', () => {
    expect(sonde.anomalies).toBeUndefined();
    expect(sonde.onAnomaly(() => {})).toBeInstanceOf(Function);
    const listeners = new Set<unknown>();
    const anomalies = {
      onAnomaly(listener: unknown) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    } as unknown as AnomalyDetection;
    start(anomalies);
    expect(sonde.anomalies).toBe(anomalies);
    const undo = sonde.onAnomaly(() => {});
    expect(listeners.size).toBe(1);
    undo();
    expect(listeners.size).toBe(0);
    expect(() => sonde.onAnomaly('x' as never)).toThrow(
      new TypeError('onAnomaly: listener must be a function, got string'),
    );
  });

  it('shuts down what was started', async () => {
    start();
    await Promise.all([sonde.shutdown(), sonde.shutdown()]);
    await sonde.shutdown();
    expect(ended).toBe(2);
    expect(sonde.stats().isStarted).toBe(false);
  });
});
