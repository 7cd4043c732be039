import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { eventStream } from '@sonde/event-stream';
import { countDropped, everyUnref, reportFailure, show, warnOnce } from '@sonde/instrumentation-kit';
import type { SamplingSpanProcessor } from '../trace-account.ts';
import { EmergencySwitch } from './emergency-switch.ts';
import { EventThinning } from './event-thinning.ts';
import { ExportMeter, type LoopTime } from './export-meter.ts';
import { reportGovernor } from './governor-metrics.ts';
import {
  isTarget,
  type OverheadGovernorConfig,
  type OverheadGovernorEnvironment,
  type ResolvedGovernorConfig,
  resolveGovernorConfig,
} from './options.ts';
import { RecentRate } from './recent-rate.ts';
import { RecordedFraction } from './recorded-fraction.ts';
import { SpanMeter } from './span-meter.ts';

const TICK_MS = 1000;
/** After a longer gap (a suspended machine, a clock that jumped) rates begin anew. */
const LONGEST_TICK_MS = 30_000;
const WEIGHT = 0.6;
/** As a recorded fraction: no trace reaches its threshold, and it can be told from having no tail processor. */
const NOTHING = Number.MIN_VALUE;

/** What a governor measures and does. */
export interface GovernorDescription {
  /** Part of the event-loop thread's time that telemetry takes, measured and smoothed over some two seconds. */
  readonly overhead: number;
  readonly target: number;
  /** Part of the traces that may be recorded. */
  readonly recordFraction: number;
  /** One in this many events below WARN is kept. */
  readonly eventThinning: number;
  readonly isEmergency: boolean;
  readonly emergencies: number;
  /** The target cannot be held by recording less: `spans * costs.decision` alone, or what the sampler keeps, is above it. */
  readonly isUnreachable: boolean;
  /** All time that telemetry took so far, in milliseconds. */
  readonly spentMs: number;
  readonly counts: { readonly spans: number; readonly recorded: number; readonly exported: number };
  /** Of one span each, in nanoseconds; a recorded one costs a decision too, an exported one all three. */
  readonly costs: { readonly decision: number; readonly recorded: number; readonly exported: number };
}

function heapFullness(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}

/**
 * Holds what telemetry takes of the event-loop thread's time at a target, by recording fewer traces for a tail processor
 * and thinning events; in an emergency the sampler keeps one trace in a hundred. It measures the costs of this very
 * application, see span-meter.ts and export-meter.ts: the overhead it tells is that against the same SDK and
 * instrumentations with an AlwaysOff sampler. What the garbage collector does later for spans, on other threads mostly,
 * is not in it. For each span it costs a decrement and a comparison, a second one for those recorded.
 *
 * Put {@link spanProcessor} behind all other processors and {@link exporter} around the exporter.
 *
 * @throws TypeError or RangeError at construction for a bad option; never afterwards
 */
export class OverheadGovernor {
  readonly #config: ResolvedGovernorConfig;
  readonly #meter: SpanMeter;
  readonly #exports: ExportMeter;
  readonly #events: EventThinning;
  readonly #exportRate = new RecentRate();
  readonly #fraction = new RecordedFraction();
  readonly #switch = new EmergencySwitch();
  readonly #now: () => number;
  readonly #loopTime: (since?: LoopTime) => LoopTime;
  readonly #heap: () => number;
  readonly #stop: () => void;
  readonly #unreport: () => void;
  #target: number;
  #tickedMs: number;
  #loop: LoopTime | undefined;
  #utilization = 0;
  #decisions = 0;
  #recorded = 0;
  #exported = 0;
  #spentMs = 0;
  #isClosed = false;

  constructor(config: OverheadGovernorConfig, environment: OverheadGovernorEnvironment = {}) {
    const { now = performance.now.bind(performance), random = Math.random, every = everyUnref } = environment;
    this.#config = resolveGovernorConfig(config, eventStream);
    this.#target = this.#config.target;
    this.#now = now;
    this.#loopTime = environment.loopTime ?? ((since) => performance.eventLoopUtilization(since));
    this.#heap = environment.heap ?? heapFullness;
    this.#meter = new SpanMeter(now, random);
    this.#exports = new ExportMeter({ now, loopTime: this.#loopTime, utilization: () => this.#utilization });
    this.#events = new EventThinning(this.#config.stream);
    this.#tickedMs = now();
    this.#config.sampler.meter = this.#meter;
    this.#stop = every(() => this.#tick(), TICK_MS);
    this.#unreport = reportGovernor(() => this.describe());
  }

  /** Counts and times recorded spans. Belongs behind all other processors; its shutdown is the governor's. */
  spanProcessor(): SamplingSpanProcessor {
    return this.#meter.processor(() => this.shutdown());
  }

  /**
   * The exporter, metered: give this one to the batch processor. What it is not given to is not in the overhead.
   * @throws TypeError when it is no exporter
   */
  exporter<E extends object>(exporter: E): E {
    if (typeof (exporter as { export?: unknown } | undefined)?.export !== 'function') {
      throw new TypeError(`OverheadGovernor: exporter must be a span exporter, got ${String(exporter)}`);
    }
    return this.#exports.wrap(exporter);
  }

  /**
   * Sets the target by hand from now on: 0 (nothing is recorded but what the sampler keeps) to 1 (no limit); undefined
   * goes back to the configured one.
   * @returns false for another value: nothing changes then, and it is said once
   */
  setOverhead(ratio: number | undefined): boolean {
    if (ratio !== undefined && !isTarget(ratio)) {
      countDropped('sampling.overhead_refused');
      warn('overhead_refused', `setOverhead: ratio must be a number from 0 to 1 or undefined, got ${show(ratio)}`);
      return false;
    }
    this.#target = ratio ?? this.#config.target;
    this.#write();
    return true;
  }

  /** What the governor measures and does. */
  describe(): GovernorDescription {
    const { decision, recorded, decisionCount, recordedCount } = this.#meter;
    return {
      overhead: this.#fraction.overhead,
      target: this.#target,
      recordFraction: this.#wanted,
      eventThinning: this.#events.ratio,
      isEmergency: this.#switch.isOn,
      emergencies: this.#switch.count,
      isUnreachable: this.#target > 0 && this.#fraction.isUnreachable,
      spentMs: this.#spentMs,
      counts: { spans: decisionCount, recorded: recordedCount, exported: this.#exports.spans },
      costs: {
        decision: decision.value * 1e6,
        recorded: recorded.value * 1e6,
        exported: this.#exports.perSpanMs * 1e6,
      },
    };
  }

  /** Ends governing: everything is recorded and kept again as the sampler and its tail processor say. */
  shutdown(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop();
    this.#unreport();
    const { sampler } = this.#config;
    sampler.emergency = false;
    if (sampler.meter === this.#meter) sampler.meter = undefined;
    this.#release(1);
    this.#events.release();
  }

  #tick(): void {
    const from = this.#now();
    try {
      this.#look(from);
    } catch (error) {
      reportFailure('sampling.governor', error);
    }
    this.#spentMs += Math.max(0, this.#now() - from);
  }

  #look(nowMs: number): void {
    const seconds = (nowMs - this.#tickedMs) / 1000;
    this.#tickedMs = nowMs;
    const spans = this.#meter.decisionCount - this.#decisions;
    this.#decisions += spans;
    const recorded = this.#meter.recordedCount - this.#recorded;
    this.#recorded += recorded;
    const events = this.#events.look();
    const loop = this.#lookAtLoop();
    if (seconds <= 0 || seconds * 1000 > LONGEST_TICK_MS) return;
    this.#alarm(loop, nowMs);
    const newlyExported = this.#exports.spans - this.#exported;
    this.#exported += newlyExported;
    const exported = this.#exportRate.next(this.#exports.spans, this.#exports.calls, seconds);
    const base = (spans * this.#meter.decision.value) / 1000 / seconds;
    const clockMs = this.#meter.clock.value;
    const variable =
      (recorded * this.#meter.recorded.value + events * this.#events.costMs(clockMs)) / 1000 / seconds +
      (exported * this.#exports.perSpanMs) / 1000;
    const { perSpanMs } = this.#exports;
    this.#spentMs += (base + variable) * 1000 * seconds + (newlyExported - exported * seconds) * perSpanMs;
    this.#fraction.step({ base, variable }, this.#target, !this.#switch.isOn);
    if (this.#target > 0 && this.#fraction.isBaseAbove) {
      warn('overhead_unreachable', unreachable(base, this.#target));
    }
    this.#write();
    this.#events.apply(this.#wanted, { target: this.#target, clockMs, seconds });
  }

  /** The utilisation since the last look; the first only begins, so that a start is not taken for an emergency. */
  #lookAtLoop(): number {
    const before = this.#loop;
    this.#loop = this.#loopTime();
    if (before === undefined) return 0;
    const { utilization } = this.#loopTime(before);
    this.#utilization += WEIGHT * (utilization - this.#utilization);
    return utilization;
  }

  #alarm(loop: number, nowMs: number): void {
    if (!this.#config.emergency) return;
    this.#switch.look({ loop, heap: this.#heap(), queue: this.#queue() }, nowMs);
    this.#config.sampler.emergency = this.#switch.isOn;
    if (this.#switch.isOn) warn('emergency', 'the process has no time or memory left: one trace in a hundred is kept');
  }

  #queue(): number {
    try {
      const fullness: unknown = this.#config.queue?.() ?? 0;
      return typeof fullness === 'number' && fullness >= 0 ? fullness : 0;
    } catch (error) {
      reportFailure('sampling.queue', error);
      return 0;
    }
  }

  /** What the sampler is told. */
  get #wanted(): number {
    return this.#target === 0 ? 0 : this.#fraction.value;
  }

  #write(): void {
    if (this.#isClosed) return;
    this.#release(this.#wanted);
  }

  /** Sets the recorded fraction, where a tail processor takes what is recorded: without one it is 0. */
  #release(fraction: number): void {
    const { sampler } = this.#config;
    if (sampler.recordFraction > 0) sampler.recordFraction = Math.max(fraction, NOTHING);
  }
}

/** Never throws: a diag logger of the application may. */
function warn(key: string, message: string): void {
  try {
    warnOnce(`sampling.${key}`, `OverheadGovernor: ${message}`);
  } catch {
    // There is nobody left to tell.
  }
}

function unreachable(base: number, target: number): string {
  const percent = (part: number): string => `${(100 * part).toPrecision(2)} %`;
  return (
    `deciding about spans alone takes ${percent(base)} of the event loop, the target is ${percent(target)}: ` +
    'nothing but what the sampler keeps is recorded; make fewer spans or raise the target'
  );
}
