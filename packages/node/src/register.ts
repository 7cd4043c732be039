import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { processRole } from './process-role.ts';

// This file loads before the application does, in every process that inherits NODE_OPTIONS. What decides whether there
// is anything to do comes before what takes time to load. No top-level await here or below: --require would refuse it.
const { env, pid, argv } = process;
const isDisabled = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
const role = processRole({ isMainThread, pid, script: argv[1], environment: env });

if (!isDisabled && role !== 'tool') {
  const { preload } = createRequire(import.meta.url)(`./preload${extname(import.meta.filename)}`) as {
    preload: (as: typeof role) => void;
  };
  preload(role);
}
