import { show } from '@sonde/instrumentation-kit';

/** @throws TypeError when what somebody passed as a list of objects is none; a text, which iterates too, is none */
export function checkIterable(owner: string, argument: string, value: unknown): void {
  const isIterable = typeof (value as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function';
  if (isIterable && typeof value !== 'string') return;
  throw new TypeError(`${owner}: ${argument} must be iterable, such as an array, got ${show(value)}`);
}
