import { ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { chance } from '../../bench/simulation/random.ts';
import {
  AdaptiveSampler,
  type AdaptiveSamplerConfig,
  OverheadGovernor,
  type OverheadGovernorConfig,
} from '../../src/index.ts';

/** What things take in this application, in milliseconds of its virtual clock. */
export interface Costs {
  clock: number;
  decision: number;
  onStart: number;
  onEnd: number;
}

interface State {
  nowMs: number;
  utilization: number;
  heap: number;
}

interface Parts {
  readonly sampler: AdaptiveSampler;
  readonly governor: OverheadGovernor;
  readonly tracer: Tracer;
  readonly costs: Costs;
  readonly timers: ReadonlySet<() => void>;
  readonly state: State;
}

/** An application with a governed SDK whose clock moves only by what things cost, and by `second()`. */
export class Application {
  readonly sampler: AdaptiveSampler;
  readonly governor: OverheadGovernor;
  readonly tracer: Tracer;
  readonly costs: Costs;
  readonly timers: ReadonlySet<() => void>;
  /** Clock, utilisation of the loop, fullness of the heap. */
  readonly state: State;

  constructor({ sampler, governor, tracer, costs, timers, state }: Parts) {
    this.sampler = sampler;
    this.governor = governor;
    this.tracer = tracer;
    this.costs = costs;
    this.timers = timers;
    this.state = state;
  }

  /** `count` spans, then the rest of the second passes and the governor looks. */
  second(count: number): void {
    const end = (Math.floor(this.state.nowMs / 1000) + 1) * 1000;
    for (let i = 0; i < count; i += 1) this.tracer.startSpan('x', {}, ROOT_CONTEXT).end();
    this.state.nowMs = Math.max(this.state.nowMs, end);
    for (const tick of [...this.timers]) tick();
  }
}

export interface ApplicationOptions {
  readonly sampler?: AdaptiveSamplerConfig;
  readonly governor?: Omit<OverheadGovernorConfig, 'sampler'>;
  readonly seed: number;
}

function processor(onStart: () => void, onEnd: () => void): SpanProcessor {
  const done = (): Promise<void> => Promise.resolve();
  return { onStart, onEnd, forceFlush: done, shutdown: done } as SpanProcessor;
}

export function application({
  sampler: samplerConfig,
  governor: governorConfig,
  seed,
}: ApplicationOptions): Application {
  const costs: Costs = { clock: 40e-6, decision: 5e-3, onStart: 10e-3, onEnd: 20e-3 };
  const state: State = { nowMs: 0, utilization: 0.1, heap: 0.1 };
  const timers = new Set<() => void>();
  const { next } = chance(seed);
  const sampler = new AdaptiveSampler(
    {
      key: () => {
        state.nowMs += costs.decision;
        return 'x';
      },
      ...samplerConfig,
    },
    { now: () => state.nowMs, every: () => () => {} },
  );
  sampler.attachTail();
  const governor = new OverheadGovernor(
    { sampler, eventStream: false, ...governorConfig },
    {
      now: () => {
        state.nowMs += costs.clock;
        return state.nowMs;
      },
      random: next,
      every: (callback) => {
        timers.add(callback);
        return () => timers.delete(callback);
      },
      loopTime: (since) => {
        const before = since === undefined ? 0 : since.idle + since.active;
        const passed = state.nowMs - before;
        return {
          idle: since === undefined ? state.nowMs : passed * (1 - state.utilization),
          active: since === undefined ? 0 : passed * state.utilization,
          utilization: state.utilization,
        };
      },
      heap: () => state.heap,
    },
  );
  const provider = new TracerProvider({
    sampler,
    spanProcessors: [
      processor(
        () => {
          state.nowMs += costs.onStart;
        },
        () => {
          state.nowMs += costs.onEnd;
        },
      ),
      governor.spanProcessor(),
    ],
  });
  return new Application({ sampler, governor, tracer: provider.getTracer('test'), costs, timers, state });
}
