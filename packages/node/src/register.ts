import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { loadSibling } from './load-module.ts';
import { processRole } from './process-role.ts';

// This file loads before the application does, in every process that inherits NODE_OPTIONS. What decides whether there
// is anything to do comes before what takes time to load. No top-level await here or below: --require would refuse it.
const { env, pid, argv } = process;
const isDisabled = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
const role = processRole({ isMainThread, pid, script: argv[1], environment: env });

/** A package is missing, or of a version that does not fit, or else: no reason for the application not to start. */
function tellFailure(error: unknown): void {
  if (role !== 'main' || env.SONDE_BANNER === '0') return;
  const [reason] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  try {
    writeSync(2, `sonde: Sonde could not start and is off, the application runs without it: ${reason}\n`);
  } catch {
    // Nobody can be told.
  }
}

if (!isDisabled && role !== 'tool') {
  try {
    loadSibling<typeof import('./preload.ts')>('preload').preload(role);
  } catch (error) {
    tellFailure(error);
  }
}
