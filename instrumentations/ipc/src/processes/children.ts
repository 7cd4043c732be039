import type { ChildProcess } from 'node:child_process';
import { basename, win32 } from 'node:path';
import { platform } from 'node:process';
import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { activeContext, createFold, type Fold, guard } from '@sonde/instrumentation-kit';
import { errorType } from '../error-type.ts';
import type { Surroundings } from '../part.ts';
import { PROCESS_ATTRIBUTE } from '../process-names.ts';
import { ATTRIBUTE } from '../semantic-names.ts';
import type { ChildLife } from './emit-hook.ts';

/** More executables than this share one name. */
const MAX_NAMES = 100;
const OTHER = 'other';
const MAX_NAME_LENGTH = 80;
const FAILURE = 'ipc.children';

const now = performance.now.bind(performance);

/** One child that was started, or is to be. */
export interface Start {
  readonly name: string;
  readonly startMs: number;
  readonly span: Span | undefined;
  /** What was active where it was started, with the span. */
  readonly context: Context;
}

/** How a child ended: `signal` and `code` exclude each other. */
export interface Ending {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** Whether this process told it to end. */
  readonly isWanted: boolean;
}

/** The name under which an executable is told: its base name. */
export function executableName(file: unknown): string {
  if (typeof file !== 'string') return OTHER;
  const name = platform === 'win32' ? win32.basename(file) : basename(file);
  return name === '' ? OTHER : name.slice(0, MAX_NAME_LENGTH).toWellFormed();
}

function isRecorded(active: Context): boolean {
  return trace.getSpan(active)?.isRecording() === true;
}

/** Counts, times and tells of the children of this thread. */
export class Children implements ChildLife {
  readonly #surroundings: Omit<Surroundings, 'channels'>;
  readonly #started = new WeakMap<ChildProcess, Start>();
  readonly #names = new Set<string>();
  readonly #fold: Fold = createFold();

  constructor(surroundings: Omit<Surroundings, 'channels'>) {
    this.#surroundings = surroundings;
  }

  /** Before a child is started: its span, where a parent is being recorded. */
  begin(file: unknown): Start {
    const name = this.#bounded(executableName(file));
    const active = context.active();
    const span = this.#startSpan(name, active);
    return { name, startMs: now(), span, context: span === undefined ? active : trace.setSpan(active, span) };
  }

  /** It runs. */
  started(child: ChildProcess, start: Start): void {
    const { instruments } = this.#surroundings;
    this.#started.set(child, start);
    instruments.childStarted.bind({ [PROCESS_ATTRIBUTE.executable]: start.name }).add(1);
    instruments.childRunning.bind({ [PROCESS_ATTRIBUTE.executable]: start.name }).add(1);
    if (start.span !== undefined && child.pid !== undefined) start.span.setAttribute(PROCESS_ATTRIBUTE.pid, child.pid);
  }

  exited(child: ChildProcess, code: unknown, signal: unknown): void {
    const start = this.#started.get(child);
    if (start === undefined) return;
    this.#started.delete(child);
    guard(
      FAILURE,
      () => {
        this.#surroundings.instruments.childRunning.bind({ [PROCESS_ATTRIBUTE.executable]: start.name }).add(-1);
        this.ended(start, {
          code: typeof code === 'number' ? code : undefined,
          signal: typeof signal === 'string' ? signal : undefined,
          isWanted: child.killed,
        });
      },
      undefined,
    );
  }

  /** The same for one that was waited for (`spawnSync`). */
  ranSync(start: Start, pid: number | undefined, ending: Ending): void {
    this.#surroundings.instruments.childStarted.bind({ [PROCESS_ATTRIBUTE.executable]: start.name }).add(1);
    if (pid !== undefined) start.span?.setAttribute(PROCESS_ATTRIBUTE.pid, pid);
    this.ended(start, ending);
  }

  /** 'error' of a child; that of a failed start comes here too. */
  failed(child: ChildProcess, error: unknown): void {
    const start = this.#started.get(child);
    if (start === undefined || child.pid !== undefined) return;
    this.#started.delete(child);
    this.notStarted(start, error);
  }

  /** Remembers a start of which it will be told later that it failed. */
  pending(child: ChildProcess, start: Start): void {
    this.#started.set(child, start);
  }

  /** It could not be started. */
  notStarted({ name, span, context: active }: Start, error: unknown): void {
    guard(
      FAILURE,
      () => {
        const { instruments, events } = this.#surroundings;
        const type = errorType(error);
        instruments.childStarted.bind({ [PROCESS_ATTRIBUTE.executable]: name, [ATTRIBUTE.error]: type }).add(1);
        if (span !== undefined) endSpan(span, { [ATTRIBUTE.error]: type });
        this.#tell(events.childNotStarted, { key: 'start', name, text: type, active });
      },
      undefined,
    );
  }

  ended({ name, startMs, span, context: active }: Start, { code, signal, isWanted }: Ending): void {
    const { instruments, events } = this.#surroundings;
    const attributes = {
      ...(code === undefined ? {} : { [PROCESS_ATTRIBUTE.exitCode]: code }),
      ...(signal === undefined ? {} : { [PROCESS_ATTRIBUTE.exitSignal]: signal }),
    };
    instruments.childExited.bind({ [PROCESS_ATTRIBUTE.executable]: name, ...attributes }).add(1);
    instruments.childDuration.bind({ [PROCESS_ATTRIBUTE.executable]: name }).record((now() - startMs) / 1000);
    const problem = signal ?? (code === 0 || code === undefined ? undefined : String(code));
    if (span !== undefined) {
      endSpan(span, problem === undefined ? attributes : { ...attributes, [ATTRIBUTE.error]: problem });
    }
    if (problem !== undefined && !isWanted) this.#tell(events.childFailed, { key: 'end', name, text: problem, active });
  }

  #startSpan(name: string, active: Context): Span | undefined {
    const { config, tracer } = this.#surroundings;
    if (!config.spans) return undefined;
    return guard(FAILURE, () => (isRecorded(active) ? startSpan(tracer(), name, active) : undefined), undefined);
  }

  #tell(
    event: Surroundings['events']['childFailed'],
    {
      key,
      name,
      text,
      active,
    }: { readonly key: string; readonly name: string; readonly text: string; readonly active: Context },
  ): void {
    const timeMs = now();
    const count = this.#fold.count(`${key}\0${name}\0${text}`, timeMs);
    if (count === 0) return;
    const id = context.with(active, activeContext);
    event.bind({ [PROCESS_ATTRIBUTE.executable]: name }).emitText({ text, timeMs, value: count, context: id });
  }

  #bounded(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= MAX_NAMES) return OTHER;
    this.#names.add(name);
    return name;
  }
}

function startSpan(tracer: Tracer, name: string, active: Context): Span {
  const attributes = { [PROCESS_ATTRIBUTE.executable]: name };
  return tracer.startSpan(`spawn ${name}`, { kind: SpanKind.CLIENT, attributes }, active);
}

function endSpan(span: Span, attributes: Attributes): void {
  span.setAttributes(attributes);
  if (ATTRIBUTE.error in attributes) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
