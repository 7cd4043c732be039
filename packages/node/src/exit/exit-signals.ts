import { addHiddenListener, type Emitter } from './hidden-listener.ts';

export const EXIT_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** The part of `process` that is needed here; tests bring their own. */
export interface SignalledProcess extends Emitter {
  readonly pid: number;
  kill(pid: number, signal: string): unknown;
}

export interface ExitSignalsConfig {
  readonly process: SignalledProcess;
  readonly deliver: () => Promise<void>;
  /** Called just before the process ends by the signal: no `exit` event will tell of it. Must not throw. */
  readonly beforeEnd?: () => void;
}

/**
 * Delivers when the process is asked to end. An application that listens to the signal decides alone what happens and
 * when; without such a listener the process ends by that signal, as its parent expects, once the delivery is over or
 * at a second signal. Returns the undo.
 */
export function deliverOnSignals({ process: host, deliver, beforeEnd }: ExitSignalsConfig): () => void {
  let isDelivering = false;
  /** The signal to end by once the delivery is over. */
  let ending: string | undefined;

  const end = (signal: string): void => {
    beforeEnd?.();
    undo();
    host.kill(host.pid, signal);
  };
  const onDelivered = (): void => {
    isDelivering = false;
    const signal = ending;
    ending = undefined;
    // Asked again: the application may have begun to listen in the meantime.
    if (signal !== undefined && host.listeners(signal).length === 0) end(signal);
  };
  const onSignal = (...args: unknown[]): void => {
    const signal = String(args[0]);
    const isAlone = host.listeners(signal).length === 0;
    if (isAlone && ending !== undefined) {
      end(signal);
      return;
    }
    // Also when a delivery is under way for a listener that has raised the signal again, as `signal-exit` does.
    if (isAlone) ending = signal;
    if (isDelivering) return;
    isDelivering = true;
    deliver().then(onDelivered, onDelivered);
  };
  const undo = addHiddenListener(host, EXIT_SIGNALS, onSignal);
  return undo;
}
