import { type Patches, reportFailure } from '@sonde/instrumentation-kit';
import type { Surroundings } from '../part.ts';
import { ATTRIBUTE } from '../semantic-names.ts';

type Instruments = Surroundings['instruments'];

const now = performance.now.bind(performance);
const OUTCOMES: ReadonlySet<unknown> = new Set(['ok', 'not-equal', 'timed-out']);

function record(instruments: Instruments, operation: string, outcome: unknown, startMs: number): void {
  if (!OUTCOMES.has(outcome)) return;
  const attributes = { [ATTRIBUTE.operation]: operation, [ATTRIBUTE.outcome]: outcome };
  instruments.atomicsWait.bind(attributes).record((now() - startMs) / 1000);
}

interface WaitResult {
  readonly async: boolean;
  readonly value: unknown;
}

function recordLater(instruments: Instruments, { async: isAsync, value }: WaitResult, startMs: number): void {
  if (!isAsync) record(instruments, 'waitAsync', value, startMs);
  else if (value instanceof Promise) {
    value.then((outcome) => record(instruments, 'waitAsync', outcome, startMs)).catch(() => {});
  }
}

/** Calls back when this thread stands still in `Atomics.wait`. */
export function noticeStandstill(patches: Patches, onWait: () => void): void {
  patches.wrap(Atomics, 'wait', (original, patch) => {
    return function wait(this: unknown, ...args: unknown[]): unknown {
      if (patch.active) onWait();
      return Reflect.apply(original, this, args);
    };
  });
}

/** Times `Atomics.wait` and `waitAsync`, and counts whom `Atomics.notify` wakes. */
export function observeAtomics(patches: Patches, instruments: Instruments): void {
  patches.wrap(Atomics, 'wait', (original, patch) => {
    return function wait(this: unknown, ...args: unknown[]): unknown {
      if (!patch.active) return Reflect.apply(original, this, args);
      const startMs = now();
      const outcome = Reflect.apply(original, this, args);
      record(instruments, 'wait', outcome, startMs);
      return outcome;
    };
  });
  patches.wrap(Atomics, 'waitAsync', (original, patch) => {
    return function waitAsync(this: unknown, ...args: unknown[]): unknown {
      if (!patch.active) return Reflect.apply(original, this, args);
      const startMs = now();
      const result: WaitResult = Reflect.apply(original, this, args);
      try {
        recordLater(instruments, result, startMs);
      } catch (error) {
        reportFailure('ipc.atomics', error);
      }
      return result;
    };
  });
  const notified = instruments.atomicsNotify.bind({});
  patches.wrap(Atomics, 'notify', (original, patch) => {
    return function notify(this: unknown, ...args: unknown[]): unknown {
      const woken = Reflect.apply(original, this, args);
      if (patch.active) notified.add(woken);
      return woken;
    };
  });
}
