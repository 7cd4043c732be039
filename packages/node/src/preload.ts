import { resolveOptions, workingDirectory } from './configuration/resolve-options.ts';
import { started } from './handle-state.ts';
import { loadSibling } from './load-module.ts';
import { variableProblems } from './opentelemetry/variable-problems.ts';
import { markChildren, type ProcessRole } from './process-role.ts';
import type { RuntimeConfig } from './runtime.ts';
import { createTerminal } from './terminal.ts';
import type { Runtime } from './types.ts';

type Whole = typeof import('./runtime.ts');
type Worker = typeof import('./worker-runtime.ts');

function start(config: RuntimeConfig): Runtime {
  if (config.role === 'worker') {
    const { exportsFromWorkers, startWorkerRuntime } = loadSibling<Worker>('worker-runtime');
    if (!exportsFromWorkers()) return startWorkerRuntime(config.resolution.options);
  }
  return loadSibling<Whole>('runtime').startRuntime(config);
}

/**
 * Starts Sonde in this thread, once, whichever copy of the package comes first.
 * @throws whatever stands in the way; `register`, which calls this, tells it and lets the application run without
 */
export function preload(role: ProcessRole): void {
  const state = started();
  if (state.runtime !== undefined) return;
  const { env, pid } = process;
  const resolution = resolveOptions({ environment: env, directory: workingDirectory() });
  const hasChannel = process.channel !== undefined && process.channel !== null;
  const terminal = createTerminal({ role, banner: resolution.options.banner, hasChannel });
  for (const problem of [...resolution.problems, ...variableProblems()]) terminal.warn(problem);
  state.runtime = start({ resolution, role, terminal });
  if (role === 'main') markChildren(env, pid);
}
