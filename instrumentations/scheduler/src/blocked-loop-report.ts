import { ROOT_CONTEXT, type SpanContext, type Tracer, trace } from '@opentelemetry/api';
import { type EventHandle, eventStream } from '@sonde/event-stream';
import { type Culprit, callBack, guard, type InstrumentsOf } from '@sonde/instrumentation-kit';
import type { Sighting } from './blocked-loop.ts';
import type { METRICS } from './metric-names.ts';
import { parseRunningContext, type RunningContext } from './running-stack.ts';
import { TELEMETRY } from './semantic-names.ts';
import { culpritOf, stackText, toSource } from './stack-frames.ts';
import type { BlockedLoopReport, LongTurn, StackFrame } from './types.ts';
import type { CpuMark, Look } from './watch-memory.ts';

const MAX_NAME_LENGTH = 200;

export interface ReporterConfig {
  readonly event: EventHandle;
  readonly blockedTime: InstrumentsOf<typeof METRICS>['blockedTime'];
  /** Asked at each report: providers may be set late. */
  readonly tracer: () => Tracer;
  readonly timeOriginMs: number;
  /** CPU time of this thread so far; undefined where it is not known. */
  readonly cpuNow: () => CpuMark | undefined;
  /** For whom a turn ran, when that was seen: the local root of a trace. */
  readonly onCulprit: (turn: number, culprit: Culprit) => void;
  readonly onBlockedLoop: ((report: BlockedLoopReport) => void) | undefined;
}

type CpuShare = Pick<BlockedLoopReport, 'cpuMs' | 'runQueueMs' | 'observedMs'>;

function cpuShare(from: CpuMark | undefined, to: CpuMark | undefined): CpuShare {
  if (from === undefined || to === undefined) return { cpuMs: undefined, runQueueMs: undefined, observedMs: undefined };
  return {
    cpuMs: (to.runNanos - from.runNanos) / 1e6,
    runQueueMs: (to.waitNanos - from.waitNanos) / 1e6,
    observedMs: to.atMs - from.atMs,
  };
}

interface Stall {
  readonly report: BlockedLoopReport;
  readonly spanContext: SpanContext | undefined;
  readonly rootSpanId: string | undefined;
}

/** What one look at a stall tells. */
interface Seen extends RunningContext {
  readonly atMs: number;
  readonly stack: readonly StackFrame[];
  readonly culprit: StackFrame | undefined;
}

function describeLook({ atMs, frames, context, isLate }: Look, { roots }: LongTurn): Seen {
  const stack = frames.map(toSource);
  // Seen late, it may be that of what ran next, unless there was only one in the turn.
  const isSure = !isLate || roots.length < 2;
  return { atMs, stack, culprit: culpritOf(stack), ...parseRunningContext(isSure ? context : '') };
}

/** Looks at one function, at work for one request. */
interface Group {
  ms: number;
  /** The one that stands for the longest time. */
  longest: Seen;
  longestMs: number;
}

/**
 * Of several looks at a stall the one that stands for most of it. Each stands for the time that is closer to it than to any
 * other; those at the same function, at work for the same request, are taken together.
 */
function pick(looks: readonly Seen[], startMs: number, endMs: number): Seen | undefined {
  const groups = new Map<string, Group>();
  for (const [index, look] of looks.entries()) {
    const before = looks[index - 1];
    const after = looks[index + 1];
    const fromMs = before === undefined ? startMs : (before.atMs + look.atMs) / 2;
    const toMs = after === undefined ? endMs : (look.atMs + after.atMs) / 2;
    const ms = toMs - fromMs;
    const { culprit, spanContext, rootSpanId, route } = look;
    const request = [spanContext?.traceId, rootSpanId ?? spanContext?.spanId, route];
    const key = [culprit?.function, culprit?.file, ...request].join('\0');
    const group = groups.get(key) ?? { ms: 0, longest: look, longestMs: ms };
    groups.set(key, group);
    group.ms += ms;
    // Functions of one file may share a name, or have none.
    if (ms > group.longestMs) Object.assign(group, { longest: look, longestMs: ms });
  }
  const [most] = [...groups.values()].sort((left, right) => right.ms - left.ms);
  return most?.longest;
}

/**
 * Brings together what the ledger and the watcher know of one stall.
 * @param timeOriginMs epoch milliseconds of the zero of this thread's clock
 */
export function describeStall(
  turn: LongTurn,
  sighting: Sighting,
  { cpuNow, timeOriginMs }: { readonly cpuNow: CpuMark | undefined; readonly timeOriginMs: number },
): Stall {
  const looks = sighting.kind === 'sample' ? sighting.looks.map((look) => describeLook(look, turn)) : [];
  const startMs = turn.startTime - timeOriginMs;
  const seen = pick(looks, startMs, startMs + turn.durationMs);
  // Without a stack, a single trace that was active in the turn is the only one it can have been.
  const [only, ...others] = turn.roots;
  const root = seen !== undefined || others.length > 0 ? undefined : only;
  const report = {
    ...turn,
    culprit: seen?.culprit,
    stack: seen?.stack ?? [],
    route: seen?.route ?? root?.route,
    traceId: seen?.spanContext?.traceId ?? root?.traceId,
    spanId: seen?.spanContext?.spanId ?? root?.spanId,
    missed: sighting.kind === 'missed' ? sighting.reason : undefined,
    ...cpuShare(sighting.mark, cpuNow),
  };
  return { report, spanContext: seen?.spanContext, rootSpanId: seen?.rootSpanId };
}

/** Tells the world about stalls: an event, a counter, a span where the trace is known, and the callback. */
export class BlockedLoopReporter {
  readonly #config: ReporterConfig;

  constructor(config: ReporterConfig) {
    this.#config = config;
  }

  report(turn: LongTurn, sighting: Sighting): void {
    const { cpuNow, timeOriginMs } = this.#config;
    const { report, spanContext, rootSpanId } = describeStall(turn, sighting, { cpuNow: cpuNow(), timeOriginMs });
    if (spanContext !== undefined) {
      const { traceId, spanId } = spanContext;
      const culprit = { traceId, spanId: rootSpanId ?? spanId, route: report.route };
      guard('scheduler.blocked-loop.culprit', () => this.#config.onCulprit(turn.turn, culprit), undefined);
    }
    guard('scheduler.blocked-loop.event', () => this.#emit(report), undefined);
    if (spanContext !== undefined) {
      guard('scheduler.blocked-loop.span', () => this.#startSpan(report, spanContext), undefined);
    }
    const { onBlockedLoop } = this.#config;
    if (onBlockedLoop !== undefined) callBack('scheduler.onBlockedLoop', () => onBlockedLoop(report));
  }

  #emit(report: BlockedLoopReport): void {
    const { event, blockedTime, timeOriginMs } = this.#config;
    const { culprit, stack, route = '', traceId, spanId, startTime, durationMs } = report;
    const name = culprit === undefined ? '' : nameOf(culprit);
    const labels = { 'code.function.name': bounded(name), 'http.route': bounded(route) };
    const isTraced = traceId !== undefined && spanId !== undefined;
    event.bind(labels).emitText({
      text: stackText(culprit, stack),
      timeMs: startTime + durationMs - timeOriginMs,
      value: durationMs / 1000,
      ...(culprit === undefined ? {} : { detail: culprit.line }),
      context: isTraced ? eventStream().context(traceId, spanId) : 0,
    });
    blockedTime.bind(withoutEmpty(labels)).add(durationMs / 1000);
  }

  #startSpan(report: BlockedLoopReport, spanContext: SpanContext): void {
    const { culprit, stack, route, startTime, durationMs } = report;
    const attributes = {
      ...(culprit === undefined
        ? {}
        : {
            'code.function.name': nameOf(culprit),
            'code.file.path': culprit.file,
            'code.line.number': culprit.line,
            'code.column.number': culprit.column,
          }),
      'code.stacktrace': stackText(culprit, stack),
      ...(route === undefined ? {} : { 'http.route': route }),
    };
    const parent = trace.setSpanContext(ROOT_CONTEXT, spanContext);
    const { name } = TELEMETRY.spans.blockedLoop;
    this.#config
      .tracer()
      .startSpan(name, { startTime, attributes }, parent)
      .end(startTime + durationMs);
  }
}

/** Names are the application's, and may be generated. */
function bounded(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : name.slice(0, MAX_NAME_LENGTH).toWellFormed();
}

function nameOf(frame: StackFrame): string {
  return frame.function === '' ? '<anonymous>' : frame.function;
}

function withoutEmpty(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
