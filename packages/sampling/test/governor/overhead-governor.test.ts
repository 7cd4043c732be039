import { ROOT_CONTEXT, type Span, SpanStatusCode } from '@opentelemetry/api';
import { createEventStream } from '@sonde/event-stream';
import { onWarning } from '@sonde/instrumentation-kit';
import { GOVERNOR_DEFAULTS, OverheadGovernor, type OverheadGovernorConfig } from '../../src/index.ts';
import { SEED } from '../seed.ts';
import { type Application, application } from './application.ts';

const warnings: string[] = [];
onWarning((message) => warnings.push(message));

function seconds(app: Application, count: number, spans: number): void {
  for (let i = 0; i < count; i += 1) app.second(spans);
}

describe('options', () => {
  const { sampler } = application({ seed: 1 });

  test.each([
    [undefined, 'OverheadGovernor: options must be an object, got undefined'],
    [{}, 'OverheadGovernor: sampler must be an AdaptiveSampler, got undefined'],
    [{ sampler: {} }, 'OverheadGovernor: sampler must be an AdaptiveSampler, got [object Object]'],
    [{ sampler, target: -0.1 }, 'OverheadGovernor: target must be a number from 0 to 1, got -0.1'],
    [{ sampler, target: 1.1 }, 'OverheadGovernor: target must be a number from 0 to 1, got 1.1'],
    [{ sampler, target: Number.NaN }, 'OverheadGovernor: target must be a number from 0 to 1, got NaN'],
    [{ sampler, target: '1%' }, 'OverheadGovernor: target must be a number from 0 to 1, got 1%'],
    [{ sampler, emergency: 1 }, 'OverheadGovernor: emergency must be true or false, got 1'],
    [{ sampler, queue: 0.5 }, 'OverheadGovernor: queue must be a function, got 0.5'],
    [
      { sampler, eventStream: {} },
      'OverheadGovernor: eventStream must be an event stream or false, got [object Object]',
    ],
  ])('%p is refused', (config, message) => {
    expect(() => new OverheadGovernor(config as unknown as OverheadGovernorConfig)).toThrow(message);
  });

  test('an exporter must be one', () => {
    const { governor } = application({ seed: 1 });
    expect(() => governor.exporter(undefined as never)).toThrow('exporter must be a span exporter, got undefined');
  });

  test('setOverhead sets the target, gives it back, and refuses the rest without throwing', () => {
    const { governor } = application({ seed: 1 });
    for (const good of [0, 0.5, 1]) {
      expect([governor.setOverhead(good), governor.describe().target]).toEqual([true, good]);
    }
    for (const bad of [-1, 2, Number.NaN, '1', null, {}, Symbol('x'), Object.create(null)]) {
      expect([governor.setOverhead(bad as never), governor.describe().target]).toEqual([false, 1]);
    }
    expect(warnings).toContain(
      'OverheadGovernor: setOverhead: ratio must be a number from 0 to 1 or undefined, got -1',
    );
    expect([governor.setOverhead(undefined), governor.describe().target]).toEqual([true, GOVERNOR_DEFAULTS.target]);
  });
});

describe('what it measures', () => {
  test('is what decisions and recorded spans take, the reading of the clock aside', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1e6 }, governor: { target: 1 } });
    seconds(app, 60, 200);
    const { costs, counts, overhead, spentMs } = app.governor.describe();
    expect(counts).toEqual({ spans: 12_000, recorded: 12_000, exported: 0 });
    expect(costs.decision / 5000).toBeCloseTo(1, 1);
    expect(costs.recorded / 30_000).toBeCloseTo(1, 1);
    expect(overhead / (200 * 35e-6)).toBeCloseTo(1, 1);
    expect(spentMs / (12_000 * 35e-3)).toBeCloseTo(1, 1);
  });

  test('follows when costs change', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1e6 }, governor: { target: 1 } });
    seconds(app, 10, 200);
    app.costs.onEnd = 90e-3;
    app.costs.decision = 1e-3;
    seconds(app, 60, 4000);
    const { costs } = app.governor.describe();
    expect(costs.decision / 1000).toBeCloseTo(1, 1);
    expect(costs.recorded / 100_000).toBeCloseTo(1, 1);
  });

  test('includes exporting, and what follows it on the same thread', () => {
    const app = application({ seed: SEED, governor: { target: 1 } });
    let answer = (): void => {};
    const exporter = app.governor.exporter({
      export(spans: readonly unknown[], onResult: (result: object) => void): void {
        app.state.nowMs += 5e-3 * spans.length;
        answer = () => onResult({ code: 0 });
      },
      shutdown: () => Promise.resolve(),
    });
    const results: object[] = [];
    const batch = Array.from({ length: 100 }, () => ({}));
    seconds(app, 20, 0);
    for (let i = 0; i < 60; i += 1) {
      exporter.export(batch, (result) => results.push(result));
      // For ten milliseconds the loop is two tenths busier than usual: 20 us for each of the 100 spans.
      app.state.utilization = 0.3;
      app.state.nowMs += 10;
      answer();
      app.state.utilization = 0.1;
      seconds(app, 1, 0);
    }
    expect(results).toHaveLength(60);
    const { costs, counts, overhead } = app.governor.describe();
    expect(counts.exported).toBe(6000);
    expect(costs.exported / 25_000).toBeCloseTo(1, 1);
    expect(overhead / (100 * 25e-6)).toBeCloseTo(1, 1);
  });

  test('passes on what an exporter throws and answers, sees private fields, and waits that are long teach nothing', async () => {
    const app = application({ seed: SEED });
    class Failing {
      readonly #error = new Error('no room');
      readonly url = 'http://127.0.0.1';
      export(): void {
        throw this.#error;
      }
      shutdown(): Promise<void> {
        return Promise.reject(this.#error);
      }
    }
    const frozen = app.governor.exporter(Object.freeze({ export: () => 'done', shutdown: () => Promise.resolve() }));
    expect(() => frozen.export()).not.toThrow();
    const exporter = app.governor.exporter(new Failing());
    expect(exporter).toBeInstanceOf(Failing);
    expect(exporter.url).toBe('http://127.0.0.1');
    expect(() => exporter.export()).toThrow('no room');
    await expect(exporter.shutdown()).rejects.toThrow('no room');
  });
});

describe('a span that is timed', () => {
  function timedSpans(app: Application, use: (span: Span) => void): void {
    for (let i = 0; i < 300; i += 1) use(app.tracer.startSpan('x', {}, ROOT_CONTEXT));
  }

  test('does what every span does, and is an ordinary one when it has ended', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1e6 } });
    const first = app.tracer.startSpan('first');
    first.end();
    const plain = Object.getPrototypeOf(first) as object;
    let timed = 0;
    const shapes = new Set<string>();
    timedSpans(app, (span) => {
      const prototype: object = Object.getPrototypeOf(span);
      if (prototype !== plain) timed += 1;
      expect(span).toBeInstanceOf(plain.constructor);
      expect(span.setAttribute('a', 1).setAttributes({ b: 'x' }).addEvent('e').updateName('renamed')).toBe(span);
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'm' }).recordException(new Error('thrown'));
      expect(span.addLink({ context: span.spanContext() }).addLinks([])).toBe(span);
      span.end();
      expect(span.isRecording()).toBe(false);
      expect(Object.getPrototypeOf(span)).toBe(plain);
      span.end();
      const { name, attributes, status, events, links } = span as never as Record<
        'name' | 'attributes' | 'status',
        unknown
      > &
        Record<'events' | 'links', unknown[]>;
      const summary = [name, attributes, status, events.length, links.length];
      shapes.add(JSON.stringify([summary, Object.keys(span)]));
    });
    expect(timed).toBeGreaterThan(10);
    expect(shapes.size).toBe(1);
    expect(app.governor.describe().counts.recorded).toBe(301);
  });

  test('throws what it threw, and its frozen sister is left alone', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1e6 } });
    const thrown = new Error('from an attribute');
    timedSpans(app, (span) => {
      const hostile = {
        get a(): string {
          throw thrown;
        },
      };
      expect(() => span.setAttributes(hostile)).toThrow(thrown);
      span.end();
    });
    const processor = app.governor.spanProcessor();
    const frozen = Object.freeze({ spanContext: () => ({ traceId: 'x' }) });
    for (let i = 0; i < 100; i += 1) {
      app.tracer.startSpan('x', {}, ROOT_CONTEXT);
      expect(() => processor.onStart(frozen as never, ROOT_CONTEXT)).not.toThrow();
    }
  });
});

describe('what it does', () => {
  test('holds its target through a step of the load and back', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 } });
    seconds(app, 40, 100);
    expect(app.governor.describe().recordFraction).toBe(1);
    const measured: number[] = [];
    for (let i = 0; i < 40; i += 1) {
      app.second(1000);
      measured.push(app.governor.describe().overhead);
    }
    for (const u of measured.slice(5)) expect(u).toBeLessThan(0.015);
    const { recordFraction, isUnreachable } = app.governor.describe();
    // 1,000 decisions take 5 ms; the other 5 are enough for 167 recorded spans.
    expect([Math.abs(recordFraction / 0.1667 - 1) < 0.25, isUnreachable]).toEqual([true, false]);
    expect(app.sampler.recordFraction).toBe(recordFraction);
    seconds(app, 15, 100);
    expect(app.sampler.recordFraction).toBe(1);
  });

  test('says that the target cannot be held when deciding alone takes more, once', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 } });
    seconds(app, 30, 4000);
    const { isUnreachable, recordFraction } = app.governor.describe();
    expect([isUnreachable, recordFraction]).toEqual([true, 1e-4]);
    seconds(app, 5, 4000);
    expect(warnings.filter((message) => message.includes('deciding about spans alone'))).toHaveLength(1);
  });

  test('records nothing for a tail processor at target 0, and as before afterwards', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 } });
    seconds(app, 5, 10);
    app.governor.setOverhead(0);
    const { recorded } = app.governor.describe().counts;
    app.costs.decision = 0;
    seconds(app, 5, 200);
    const { counts, recordFraction, isUnreachable } = app.governor.describe();
    expect([recordFraction, isUnreachable]).toEqual([0, false]);
    // A budget of one trace a second keeps no more than that of the thousand.
    expect(counts.recorded - recorded).toBeLessThan(30);
    app.governor.setOverhead(undefined);
    seconds(app, 20, 10);
    expect(app.sampler.recordFraction).toBe(1);
  });

  test('leaves a sampler without a tail processor recording nothing', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 } });
    app.sampler.attachTail().detach();
    seconds(app, 10, 5000);
    seconds(app, 10, 10);
    expect(app.sampler.recordFraction).toBe(0);
  });

  test('declares an emergency for loop, heap and queue, and ends it', () => {
    let fullness: unknown = 0;
    const app = application({ seed: SEED, governor: { queue: () => fullness as number } });
    // A start keeps the loop busy: the first look only begins.
    app.state.utilization = 1;
    seconds(app, 2, 10);
    expect(app.sampler.emergency).toBe(false);
    seconds(app, 1, 10);
    expect([app.sampler.emergency, app.governor.describe().emergencies]).toEqual([true, 1]);
    app.state.utilization = 0.5;
    seconds(app, 12, 10);
    expect(app.sampler.emergency).toBe(false);
    app.state.heap = 0.9;
    seconds(app, 1, 10);
    expect(app.sampler.emergency).toBe(true);
    app.state.heap = 0.5;
    seconds(app, 12, 10);
    fullness = 0.95;
    seconds(app, 1, 10);
    expect([app.sampler.emergency, app.governor.describe().emergencies]).toEqual([true, 3]);
    for (const nonsense of [Number.NaN, -1, 'full', undefined]) {
      fullness = nonsense;
      seconds(app, 12, 10);
      expect(app.sampler.emergency).toBe(false);
    }
  });

  test('thins events while they cost something, and no longer than that', () => {
    const stream = createEventStream({ threadId: 0, pid: process.pid, slots: 1024 });
    const event = stream.event({ name: 'test.event', severity: 9, category: 'process' } as never);
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 }, governor: { eventStream: stream } });
    const run = (count: number, events: number): void => {
      for (let i = 0; i < count; i += 1) {
        for (let n = 0; n < events; n += 1) event.emit(1, n);
        app.second(400);
      }
    };
    run(30, 10);
    expect(app.governor.describe().eventThinning).toBe(1);
    // 40,000 events take 2 ms a second, spans 2 for decisions and 12 recorded: it must be less of both.
    run(30, 40_000);
    const { eventThinning, recordFraction, overhead } = app.governor.describe();
    expect(eventThinning).toBeGreaterThan(1);
    expect(Math.abs(eventThinning - 1 / recordFraction)).toBeLessThan(1.3);
    expect(overhead).toBeLessThan(0.0125);
    expect(stream.statistics().thinned).toBeGreaterThan(0);
    run(5, 10);
    expect(app.governor.describe().eventThinning).toBe(1);
  });
});

describe('what goes wrong', () => {
  test('a queue that throws is taken for empty', () => {
    const app = application({
      seed: SEED,
      governor: {
        queue: () => {
          throw new Error('closed');
        },
      },
    });
    expect(() => seconds(app, 5, 10)).not.toThrow();
    expect(app.sampler.emergency).toBe(false);
  });

  test('a clock that goes back or stands still for a minute changes nothing', () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 } });
    seconds(app, 60, 900);
    const before = app.governor.describe().recordFraction;
    app.state.nowMs -= 3_600_000;
    seconds(app, 1, 0);
    app.state.nowMs += 60_000;
    app.second(0);
    expect(app.governor.describe().recordFraction / before).toBeCloseTo(1, 0);
    seconds(app, 60, 900);
    expect(app.governor.describe().recordFraction / before).toBeCloseTo(1, 0);
  });

  test('after its shutdown everything is as without it, twice over', async () => {
    const app = application({ seed: SEED, sampler: { tracesPerSecond: 1 } });
    seconds(app, 30, 900);
    app.state.heap = 1;
    seconds(app, 1, 900);
    expect([app.sampler.recordFraction < 1, app.sampler.emergency, app.timers.size]).toEqual([true, true, 1]);
    await app.governor.spanProcessor().shutdown();
    app.governor.shutdown();
    expect([app.sampler.recordFraction, app.sampler.emergency, app.timers.size]).toEqual([1, false, 0]);
    expect(app.sampler.meter).toBeUndefined();
    app.governor.setOverhead(0);
    expect(app.sampler.recordFraction).toBe(1);
  });

  test('emergencies may be switched off', () => {
    const app = application({ seed: SEED, governor: { emergency: false } });
    app.state.heap = 1;
    seconds(app, 5, 10);
    expect(app.sampler.emergency).toBe(false);
  });
});
