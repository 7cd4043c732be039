import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { processRole } from './process-role.ts';

// This file loads before the application does, in every process that inherits NODE_OPTIONS. What decides whether there
// is anything to do comes before what takes time to load. No top-level await here or below: --require would refuse it.
const { env, pid, argv } = process;
const isDisabled = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
const role = processRole({ isMainThread, pid, script: argv[1], environment: env });

function start(): void {
  const { preload } = createRequire(import.meta.url)(`./preload${extname(import.meta.filename)}`) as {
    preload: (as: typeof role) => void;
  };
  preload(role);
}

/** A package of the SDK is missing, or of a version that does not fit: no reason for the application not to start. */
function tellLoadFailure(error: unknown): void {
  const [reason] = String(error).split('\n', 1);
  if (role !== 'main' || env.SONDE_BANNER === '0') return;
  try {
    writeSync(2, `sonde: Sonde cannot be loaded and is off, the application runs without it: ${reason}\n`);
  } catch {
    // Nobody can be told.
  }
}

if (!isDisabled && role !== 'tool') {
  try {
    start();
  } catch (error) {
    tellLoadFailure(error);
  }
}
