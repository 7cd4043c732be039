/** The part of `process` that is needed here; tests bring their own. */
export interface ExitingProcess {
  emit(event: string | symbol, ...args: unknown[]): boolean;
  prependListener(event: string, listener: (...args: unknown[]) => void): unknown;
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown;
  getActiveResourcesInfo(): string[];
}

/** Standard streams are listed as active although they keep nothing alive. */
const STREAMS = new Set(['PipeWrap', 'TTYWrap']);

function activeCount(host: ExitingProcess): number {
  return host.getActiveResourcesInfo().filter((type) => !STREAMS.has(type)).length;
}

export interface BeforeExitConfig {
  readonly process: ExitingProcess;
  /** Whether anything has been recorded since the last call. */
  readonly hasNews: () => boolean;
  readonly deliver: () => Promise<void>;
}

/**
 * Delivers when the event loop has run out of work. Node emits `beforeExit` again after whatever a listener has
 * started: of an emission that only the delivery has caused, the listeners of the application hear nothing, so that
 * each of them runs as often as without Sonde. Returns the undo.
 */
export function deliverBeforeExit({ process: host, hasNews, deliver }: BeforeExitConfig): () => void {
  let isDelivering = false;

  const swallowNext = (): void => {
    const inherited = !Object.hasOwn(host, 'emit');
    const previous = host.emit;
    const emit: ExitingProcess['emit'] = function (this: unknown, event, ...args): boolean {
      if (event !== 'beforeExit') return Reflect.apply(previous, this, [event, ...args]);
      if (host.emit === emit && inherited) delete (host as Partial<ExitingProcess>).emit;
      else if (host.emit === emit) host.emit = previous;
      return false;
    };
    host.emit = emit;
  };

  const onBeforeExit = (): void => {
    if (isDelivering || !hasNews()) return;
    isDelivering = true;
    const inert = activeCount(host);
    // After the other listeners: what they have started keeps the loop alive, and their next turn is then their own.
    queueMicrotask(() => {
      const isOursAlone = activeCount(host) <= inert;
      const onDelivered = (): void => {
        isDelivering = false;
        if (isOursAlone) swallowNext();
      };
      deliver().then(onDelivered, onDelivered);
    });
  };
  host.prependListener('beforeExit', onBeforeExit);
  return () => {
    host.removeListener('beforeExit', onBeforeExit);
  };
}
