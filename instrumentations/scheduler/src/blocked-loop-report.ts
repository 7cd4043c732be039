import { ROOT_CONTEXT, type SpanContext, type Tracer, trace } from '@opentelemetry/api';
import { type EventHandle, eventStream } from '@sonde/event-stream';
import { type Culprit, callBack, guard, type InstrumentsOf } from '@sonde/instrumentation-kit';
import type { Sighting } from './blocked-loop.ts';
import type { METRICS } from './metric-names.ts';
import { parseRunningContext } from './running-stack.ts';
import { TELEMETRY } from './semantic-names.ts';
import { culpritOf, stackText, toSource } from './stack-frames.ts';
import type { BlockedLoopReport, LongTurn, StackFrame } from './types.ts';
import type { CpuMark } from './watch-memory.ts';

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

/** Brings together what the ledger and the watcher know of one stall. */
export function describeStall(turn: LongTurn, sighting: Sighting, cpuNow: CpuMark | undefined): Stall {
  const isSeen = sighting.kind === 'sample';
  const stack: StackFrame[] = isSeen ? sighting.frames.map(toSource) : [];
  // Seen late, it may be that of what ran next, unless there was only one in the turn.
  const isSure = isSeen && (!sighting.isLate || turn.roots.length < 2);
  const { spanContext, rootSpanId, route } = parseRunningContext(isSure ? sighting.context : '');
  // Without a stack, a single trace that was active in the turn is the only one it can have been.
  const [only, ...others] = turn.roots;
  const root = isSeen || others.length > 0 ? undefined : only;
  const report = {
    ...turn,
    culprit: culpritOf(stack),
    stack,
    route: route ?? root?.route,
    traceId: spanContext?.traceId ?? root?.traceId,
    spanId: spanContext?.spanId ?? root?.spanId,
    missed: isSeen ? undefined : sighting.reason,
    ...cpuShare(sighting.mark, cpuNow),
  };
  return { report, spanContext, rootSpanId };
}

/** Tells the world about stalls: an event, a counter, a span where the trace is known, and the callback. */
export class BlockedLoopReporter {
  readonly #config: ReporterConfig;

  constructor(config: ReporterConfig) {
    this.#config = config;
  }

  report(turn: LongTurn, sighting: Sighting): void {
    const { report, spanContext, rootSpanId } = describeStall(turn, sighting, this.#config.cpuNow());
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
