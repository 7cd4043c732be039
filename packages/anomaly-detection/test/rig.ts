import type { MeterProvider as Api, Meter } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { createEventStream, type EventStream } from '@sonde/event-stream';
import {
  type Anomaly,
  type AnomalyDetection,
  type AnomalyDetectionConfig,
  type AnomalyEnvironment,
  createAnomalyDetection,
  type MemoryUsage,
} from '../src/index.ts';

/** A detection over the real SDK, driven by hand: one look a step of `intervalMs`. */
export interface Rig {
  readonly detection: AnomalyDetection;
  readonly meter: Meter;
  readonly provider: Api & { shutdown(): Promise<void> };
  readonly stream: EventStream;
  /** What was told, in order. */
  readonly told: Anomaly[];
  /** How long the thread has waited for a CPU. */
  readonly waited: { ms: number };
  readonly memory: { heapUsed: number; rss: number };
  readonly nowMs: number;
  /** Goes on by one interval and looks. */
  step(): Promise<void>;
  /** The same so many times, each after `before(step)`. */
  run(steps: number, before?: (step: number) => void): Promise<void>;
}

export const START_MS = 1_700_000_000_000;

export function rig(
  config: AnomalyDetectionConfig = {},
  startMs: number = START_MS,
  environment: AnomalyEnvironment = {},
): Rig {
  const waited = { ms: 0 };
  const clock = { nowMs: startMs };
  const memory = { heapUsed: 50e6, rss: 120e6 };
  const stream = createEventStream({ now: () => clock.nowMs - START_MS, timeOriginMs: START_MS });
  const told: Anomaly[] = [];
  const detection = createAnomalyDetection(
    { intervalMs: 1000, hotMetrics: 'never', onAnomaly: (anomaly) => told.push(anomaly), ...config },
    {
      now: () => clock.nowMs,
      every: () => () => {},
      memoryUsage: (): MemoryUsage => memory,
      stream: () => stream,
      runQueueMs: () => waited.ms,
      ...environment,
    },
  );
  const provider = new MeterProvider({ readers: [detection.metricReader] });
  const made: Rig = {
    detection,
    meter: provider.getMeter('test'),
    provider,
    stream,
    told,
    waited,
    memory,
    get nowMs() {
      return clock.nowMs;
    },
    async step() {
      clock.nowMs += config.intervalMs ?? 1000;
      await detection.look();
    },
    async run(steps, before = () => {}) {
      for (let step = 0; step < steps; step++) {
        before(step);
        await made.step();
      }
    },
  };
  return made;
}

/** Bounds as the conventions advise for durations in seconds. */
export const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
