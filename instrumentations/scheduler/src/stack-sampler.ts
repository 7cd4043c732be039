import { type Debugger, Session } from 'node:inspector';
import type { SeenFrame } from './watch-memory.ts';

/** How often it is asked whether the stall is over meanwhile. */
const RECHECK_MS = 20;
/** A paused thread is let go after this, whatever happened. */
const MAX_PAUSE_MS = 2000;
/** Source files remembered; beyond it frames of new ones have no name. */
const MAX_SCRIPTS = 20_000;

export interface StackSamplerConfig {
  readonly now: () => number;
  readonly maxFrames: number;
  readonly contextExpression: string;
}

/** What was seen of a paused thread. */
export interface SeenStack {
  readonly frames: readonly SeenFrame[];
  readonly context: string;
  readonly pauseMs: number;
}

type Finish = (seen: SeenStack | undefined, error?: unknown) => void;

/**
 * Looks at the stack of the main thread from a worker, through the inspector: connect, pause, read, resume, disconnect.
 * It never stays connected, because code runs several times slower under a debugger. Where the thread is in native code,
 * the pause takes effect at its return to JavaScript, in the function that called.
 */
export class StackSampler {
  readonly #config: StackSamplerConfig;
  readonly #urls = new Map<string, string>();

  constructor(config: StackSamplerConfig) {
    this.#config = config;
  }

  /** @param isOver tells that the stall has ended. @returns undefined when it had before anything was seen */
  async sample(isOver: () => boolean): Promise<SeenStack | undefined> {
    const session = new Session();
    try {
      session.connectToMainThread();
      return await this.#pauseOnce(session, isOver);
    } finally {
      // Also resumes a thread that is paused for us.
      session.disconnect();
    }
  }

  #pauseOnce(session: Session, isOver: () => boolean): Promise<SeenStack | undefined> {
    return new Promise((resolve, reject) => {
      const recheck = setInterval(() => {
        if (isOver()) finish(undefined);
      }, RECHECK_MS);
      let limit: NodeJS.Timeout | undefined;
      const finish: Finish = (seen, error) => {
        clearInterval(recheck);
        clearTimeout(limit);
        if (error === undefined) resolve(seen);
        else reject(error);
      };
      let heldSinceMs = Number.NaN;
      session.on('Debugger.scriptParsed', ({ params }) => {
        if (this.#urls.size < MAX_SCRIPTS) this.#urls.set(params.scriptId, params.url);
      });
      session.on('Debugger.paused', ({ params }) => {
        limit = setTimeout(() => finish(undefined), MAX_PAUSE_MS);
        // An error that left this handler would leave the thread paused for ever.
        try {
          // Whatever made it pause, a `debugger` statement of the application included: it must go on.
          if (isOver()) finish(undefined);
          else this.#read(session, params.callFrames, { heldSinceMs, finish });
        } catch (error) {
          finish(undefined, error);
        }
      });
      // The thread takes up all messages at once, when it comes to them: from the answer to this one on it is held up.
      session.post('Runtime.getHeapUsage', () => {
        heldSinceMs = this.#config.now();
      });
      session.post('Debugger.enable', { maxScriptsCacheSize: 0 }, (error) => {
        if (error !== null) finish(undefined, error);
      });
      session.post('Debugger.pause');
    });
  }

  #read(
    session: Session,
    callFrames: readonly Debugger.CallFrame[],
    { heldSinceMs, finish }: { readonly heldSinceMs: number; readonly finish: Finish },
  ): void {
    const frames = this.#framesOf(callFrames);
    const expression = this.#config.contextExpression;
    session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (_error, answer) => {
      const value: unknown = answer?.result?.value;
      const context = typeof value === 'string' ? value : '';
      session.post('Debugger.resume', () => finish({ frames, context, pauseMs: this.#config.now() - heldSinceMs }));
    });
  }

  #framesOf(callFrames: readonly Debugger.CallFrame[]): SeenFrame[] {
    return callFrames.slice(0, this.#config.maxFrames).map(({ functionName, location, url }) => ({
      function: functionName,
      file: this.#urls.get(location.scriptId) ?? url,
      line: location.lineNumber + 1,
      column: (location.columnNumber ?? 0) + 1,
    }));
  }
}
