/**
 * `--import` this before Sonde: each program of the sample gets a service name of its own, as its deployment would give it
 * one, from the folder that it lies in, and each worker thread says in its resource which one it is. A name that the user
 * has set stays.
 */
import { basename, dirname } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';

const NAMES: ReadonlyMap<string, string> = new Map([
  ['service', 'shop'],
  ['stock', 'stock'],
  ['forecaster', 'forecaster'],
]);
const THREAD = 'thread.id=';

const { env, argv } = process;

function nameService(): void {
  const { OTEL_SERVICE_NAME: given = '' } = env;
  const name = NAMES.get(basename(dirname(argv[1] ?? '')));
  const isOurs = given === '' || [...NAMES.values()].includes(given);
  if (isOurs && name !== undefined) env.OTEL_SERVICE_NAME = name;
}

/** The environment of a worker is its own, but processes that it forks inherit it: those are no thread of ours. */
function nameThread(): void {
  const others = (env.OTEL_RESOURCE_ATTRIBUTES ?? '').split(',').filter((one) => one !== '' && !one.startsWith(THREAD));
  const own = isMainThread ? [] : [`${THREAD}${threadId}`];
  const all = [...others, ...own].join();
  if (all !== (env.OTEL_RESOURCE_ATTRIBUTES ?? '')) env.OTEL_RESOURCE_ATTRIBUTES = all;
}

if (isMainThread) nameService();
nameThread();
