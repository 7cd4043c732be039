/**
 * `--import` this before Sonde: each program of the sample gets a service name of its own, as its deployment would give it
 * one, from the folder that it lies in. A name that the user has set stays.
 */
import { basename, dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const NAMES: ReadonlyMap<string, string> = new Map([
  ['service', 'shop'],
  ['stock', 'stock'],
  ['forecaster', 'forecaster'],
]);

const { env, argv } = process;

function nameService(): void {
  const { OTEL_SERVICE_NAME: given = '' } = env;
  const name = NAMES.get(basename(dirname(argv[1] ?? '')));
  const isOurs = given === '' || [...NAMES.values()].includes(given);
  if (isOurs && name !== undefined) env.OTEL_SERVICE_NAME = name;
}

if (isMainThread) nameService();
