import { EventEmitter } from 'node:events';
import { deliverOnSignals, EXIT_SIGNALS, type SignalledProcess } from '../../src/exit/exit-signals.ts';

class Host extends EventEmitter {
  readonly pid = 1;
  readonly killed: string[] = [];

  kill(_pid: number, signal: string): boolean {
    this.killed.push(signal);
    // Without a listener the signal would end the process; with one it is heard.
    if (this.listenerCount(signal) > 0) this.emit(signal, signal, 15);
    return true;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('delivering when a signal asks the process to end', () => {
  let host: Host;
  let release: (() => void)[];
  let undo: () => void;
  let lastWords: string[];

  beforeEach(() => {
    host = new Host();
    release = [];
    lastWords = [];
    undo = deliverOnSignals({
      process: host as unknown as SignalledProcess,
      deliver: () => new Promise((resolve) => release.push(resolve)),
      beforeEnd: () => lastWords.push(`${host.killed.length} killed`),
    });
  });
  const finish = async (): Promise<void> => {
    for (const resolve of release.splice(0)) resolve();
    await settled();
  };

  it.each(EXIT_SIGNALS)('ends by %s itself once the delivery is over', async (signal) => {
    host.emit(signal, signal);
    expect(host.killed).toEqual([]);
    await finish();
    expect(host.killed).toEqual([signal]);
    expect(lastWords).toEqual(['0 killed']);
    expect(host.listenerCount(signal)).toBe(0);
  });

  it('ends at once at a second signal', () => {
    host.emit('SIGTERM', 'SIGTERM');
    host.emit('SIGINT', 'SIGINT');
    expect(host.killed).toEqual(['SIGINT']);
  });

  it('leaves the end to a listener of the application', async () => {
    let heard = 0;
    host.on('SIGTERM', () => {
      heard += 1;
    });
    host.emit('SIGTERM', 'SIGTERM');
    await finish();
    host.emit('SIGTERM', 'SIGTERM');
    await finish();
    expect({ heard, killed: host.killed, lastWords }).toEqual({ heard: 2, killed: [], lastWords: [] });
  });

  it('does not end when the application has begun to listen during the delivery', async () => {
    host.emit('SIGINT', 'SIGINT');
    host.on('SIGINT', () => {});
    await finish();
    expect(host.killed).toEqual([]);
  });

  it('waits for the delivery when a listener raises the signal again, having removed itself', async () => {
    host.once('SIGTERM', () => host.kill(1, 'SIGTERM'));
    host.emit('SIGTERM', 'SIGTERM');
    expect(host.killed).toEqual(['SIGTERM']);
    expect(release).toHaveLength(1);
    await finish();
    expect(host.killed).toEqual(['SIGTERM', 'SIGTERM']);
  });

  it('does not show among the listeners, and counts as the one that it is', () => {
    const own = (): void => {};
    host.on('SIGTERM', own);
    expect(host.listeners('SIGTERM')).toEqual([own]);
    expect(host.rawListeners('SIGTERM')).toEqual([own]);
    expect(host.listenerCount('SIGTERM')).toBe(2);
    expect(host.listeners('exit')).toEqual([]);
  });

  it('leaves the process as it was once it is undone', () => {
    undo();
    expect(Object.keys(host).sort()).toEqual(Object.keys(new Host()).sort());
    expect(host.eventNames()).toEqual([]);
    expect(Object.hasOwn(host, 'listeners')).toBe(false);
  });

  it('keeps a method that somebody else has replaced since', () => {
    const theirs = (): unknown[] => ['theirs'];
    Object.defineProperty(host, 'listeners', { value: theirs, configurable: true, writable: true });
    undo();
    expect(host.listeners('SIGTERM')).toEqual(['theirs']);
  });
});
