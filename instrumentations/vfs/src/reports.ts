import { context, type Tracer } from '@opentelemetry/api';
import type { EventHandle } from '@sonde/event-stream';
import { activeContext, createFold, createPathRedactor, markTrace, unobserved } from '@sonde/instrumentation-kit';
import type { MountTable } from './mount-table.ts';
import { ATTRIBUTE } from './semantic-names.ts';
import type { Row } from './series.ts';
import { createSlowSpans } from './slow-spans.ts';
import type { ResolvedConfig } from './types.ts';

/** An operation that is over, as reports see it. */
export interface Finished {
  readonly row: Row;
  readonly target: unknown;
  readonly startMs: number;
  readonly endMs: number;
  /** NaN where the operation moves none. */
  readonly bytes: number;
  /** Error code, undefined when it succeeded. */
  readonly code: string | undefined;
}

/** What the reports need from their surroundings. */
export interface ReportsParts {
  readonly config: Pick<ResolvedConfig, 'paths' | 'slowSpans'>;
  readonly events: { readonly slow: EventHandle; readonly failed: EventHandle };
  readonly mounts: Pick<MountTable, 'describe'>;
  readonly tracer: () => Tracer;
}

/** Tells about the few operations worth telling about, each in the trace context it ran in. */
export interface Reports {
  /** An event, a word to keep the trace, and a span with the true start and end unless there were too many. Microseconds. */
  slow(finished: Finished): void;
  /** An event for the first failure of its kind (operation, code, mount), then one a minute with their number. */
  failed(finished: Finished): void;
}

/** Bound handles by the label values that they are bound to. */
function createHandles(handle: EventHandle, secondLabel: string): (operation: string, second: string) => EventHandle {
  const handles = new Map<string, EventHandle>();
  return (operation, second) => {
    const key = `${operation}\0${second}`;
    const known = handles.get(key);
    if (known !== undefined) return known;
    const bound = handle.bind({ [ATTRIBUTE.operation]: operation, [secondLabel]: second });
    handles.set(key, bound);
    return bound;
  };
}

/** The numbers of an event. */
interface Numbers {
  readonly timeMs: number;
  readonly value: number;
  readonly detail: number;
}

function emit(handle: EventHandle, { timeMs, value, detail }: Numbers, text: string | undefined): void {
  const context = activeContext();
  if (text === undefined) handle.emit(timeMs, value, detail, context);
  else handle.emitText({ text, timeMs, value, detail, context });
}

/** Creates the reports of one instrumentation. */
export function createReports({ config, events, mounts, tracer }: ReportsParts): Reports {
  const redact = createPathRedactor(config.paths);
  const folds = createFold();
  const slowHandle = createHandles(events.slow, ATTRIBUTE.mountpoint);
  const failedHandle = createHandles(events.failed, ATTRIBUTE.error);
  const makeSpan = config.slowSpans ? createSlowSpans(tracer) : undefined;

  const pathOf = (target: unknown): string | undefined => {
    if (config.paths === 'none') return undefined;
    const path = mounts.describe(target);
    return path === undefined ? undefined : redact(path);
  };

  return {
    slow(finished): void {
      unobserved(() => {
        const { row, target, startMs, endMs, bytes } = finished;
        const path = pathOf(target);
        const numbers = { timeMs: endMs, value: (endMs - startMs) / 1000, detail: bytes };
        emit(slowHandle(row.operation.name, row.mount.mountpoint), numbers, path);
        makeSpan?.(finished, path);
        markTrace(context.active());
      });
    },
    failed({ row, target, startMs, endMs, code = '_OTHER' }): void {
      const { operation, mount } = row;
      const count = folds.count(`${operation.name}\0${code}\0${mount.mountpoint}`, endMs);
      if (count === 0) return;
      unobserved(() => {
        const numbers = { timeMs: endMs, value: count, detail: (endMs - startMs) / 1000 };
        emit(failedHandle(operation.name, code), numbers, pathOf(target));
      });
    },
  };
}
