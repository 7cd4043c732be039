import { performance } from 'node:perf_hooks';
import type { InstrumentsOf } from '@sonde/instrumentation-kit';
import { DelayWindow } from './delay-window.ts';
import type { METRICS } from './metric-names.ts';
import { SlidingRate } from './sliding-rate.ts';

export interface EventLoopConfig {
  readonly instruments: InstrumentsOf<typeof METRICS>;
  readonly role: 'main' | 'worker';
  readonly windowMs: number;
  /** What the turn that the loop is in has worked so far. */
  readonly busyMs: (nowMs: number) => number;
}

/** `performance.nodeTiming.uvMetricsInfo`, since Node 22.8. */
interface UvMetrics {
  readonly loopCount: number;
  readonly events: number;
}

function bind({ instruments, role }: EventLoopConfig) {
  const attributes = { 'sonde.thread.role': role };
  const time = (state: string) => instruments.time.bind({ ...attributes, 'nodejs.eventloop.state': state });
  return {
    active: time('active'),
    idle: time('idle'),
    iterations: instruments.iterations.bind(attributes),
    events: instruments.events.bind(attributes),
    turns: instruments.turnDuration.bind(attributes),
  };
}

function bindGauges(instruments: EventLoopConfig['instruments']) {
  return {
    min: instruments.delayMin.bind(),
    max: instruments.delayMax.bind(),
    mean: instruments.delayMean.bind(),
    stddev: instruments.delayStddev.bind(),
    p50: instruments.delayP50.bind(),
    p90: instruments.delayP90.bind(),
    p99: instruments.delayP99.bind(),
    utilization: instruments.utilization.bind(),
  };
}

/** The metrics of this thread's event loop. */
export class EventLoopMetrics {
  readonly #config: EventLoopConfig;
  readonly #handles: ReturnType<typeof bind>;
  /** Only of the main thread: the gauge of one worker among many would say nothing. */
  readonly #gauges: ReturnType<typeof bindGauges> | undefined;
  readonly #delays: DelayWindow;
  /** Active against elapsed time. */
  readonly #utilization: SlidingRate;

  constructor(config: EventLoopConfig) {
    this.#config = config;
    this.#handles = bind(config);
    this.#gauges = config.role === 'main' ? bindGauges(config.instruments) : undefined;
    this.#delays = new DelayWindow(config.windowMs, performance.now());
    this.#utilization = new SlidingRate(config.windowMs);
  }

  /** The hot path: a turn has ended. */
  turn(nowMs: number, busyMs: number): void {
    this.#handles.turns.record(busyMs / 1000);
    this.#delays.turn(nowMs, busyMs);
  }

  /** Refreshes what is read rather than recorded. Some 20 us. */
  observe(): void {
    const nowMs = performance.now();
    const { active, idle } = performance.eventLoopUtilization();
    this.#handles.active.advanceTo(active / 1000);
    this.#handles.idle.advanceTo(idle / 1000);
    const { uvMetricsInfo } = performance.nodeTiming as unknown as { uvMetricsInfo?: UvMetrics };
    if (uvMetricsInfo !== undefined) {
      this.#handles.iterations.advanceTo(uvMetricsInfo.loopCount);
      this.#handles.events.advanceTo(uvMetricsInfo.events);
    }
    this.#observeGauges(nowMs, active, active + idle);
  }

  #observeGauges(nowMs: number, activeMs: number, totalMs: number): void {
    const gauges = this.#gauges;
    if (gauges === undefined) return;
    const utilization = this.#utilization.to(nowMs, activeMs, totalMs);
    if (utilization !== undefined) gauges.utilization.set(Math.min(1, utilization));
    const summary = this.#delays.summary(nowMs, this.#config.busyMs(nowMs));
    if (Number.isNaN(summary.mean)) return;
    gauges.min.set(summary.min);
    gauges.max.set(summary.max);
    gauges.mean.set(summary.mean);
    gauges.stddev.set(summary.stddev);
    gauges.p50.set(summary.p50);
    gauges.p90.set(summary.p90);
    gauges.p99.set(summary.p99);
  }
}
