import { show } from '@sonde/instrumentation-kit';
/** @throws TypeError when what somebody passed as a list is none */
export function checkIterable(owner: string, argument: string, value: unknown): void {
  if (typeof (value as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function') return;
  throw new TypeError(`${owner}: ${argument} must be iterable, such as an array, got ${show(value)}`);
}
