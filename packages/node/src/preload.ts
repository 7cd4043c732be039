import { DiagConsoleLogger, diag } from '@opentelemetry/api';
import { diagLogLevelFromString, getStringFromEnv } from '@opentelemetry/core';
import { resolveOptions, workingDirectory } from './configuration/resolve-options.ts';
import { started } from './handle-state.ts';
import { markChildren, type ProcessRole } from './process-role.ts';
import { startRuntime } from './runtime.ts';
import { createTerminal } from './terminal.ts';

function setUpDiagnostics(role: ProcessRole): void {
  const level = getStringFromEnv('OTEL_LOG_LEVEL');
  // To the console, as NodeSDK does: a child's output may be read by its parent.
  if (level === undefined || role !== 'main') return;
  diag.setLogger(new DiagConsoleLogger(), { logLevel: diagLogLevelFromString(level) ?? 60 });
}

/**
 * Starts Sonde in this thread, once, whichever copy of the package comes first. Never throws: whatever goes wrong is
 * told once, and the application runs without.
 */
export function preload(role: Exclude<ProcessRole, 'tool'>): void {
  const { env, pid } = process;
  const hasChannel = process.channel !== undefined && process.channel !== null;
  try {
    const state = started();
    if (state.runtime !== undefined) return;
    setUpDiagnostics(role);
    const resolution = resolveOptions({ environment: env, directory: workingDirectory() });
    const terminal = createTerminal({ role, banner: resolution.options.banner, hasChannel });
    for (const problem of resolution.problems) terminal.warn(problem);
    state.runtime = startRuntime({ resolution, role, terminal });
    if (role === 'main') markChildren(env, pid);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    createTerminal({ role, banner: undefined, hasChannel }).warn(
      `Sonde could not start and is off, the application runs without it: ${reason}`,
    );
    diag.error('Sonde could not start', error);
  }
}
