import fs from 'node:fs';
import type { Tracer } from '@opentelemetry/api';
import { hotMetrics } from '@sonde/hot-metrics';
import {
  claim,
  createPatches,
  createSlowOperations,
  eventsFrom,
  hotMetricsFrom,
  libuvPool,
  observation,
  type Patches,
  unobserved,
  warnOnce,
} from '@sonde/instrumentation-kit';
import { observeCallback } from './callback-wrapper.ts';
import { observeDirectories } from './directories.ts';
import { createFileHandles, type FileHandles } from './file-handles.ts';
import { observeGlob } from './glob.ts';
import { createMountTable } from './mount-table.ts';
import { nesting } from './nesting.ts';
import { FS_OPERATIONS, type OperationDefinition, REALPATH_NATIVE } from './operations.ts';
import { PROC_FILES } from './proc-files.ts';
import { observePromise } from './promise-wrapper.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createReports } from './reports.ts';
import { TELEMETRY } from './semantic-names.ts';
import { createOperation, createSeries } from './series.ts';
import { observeSync } from './sync-wrapper.ts';
import type { ResolvedConfig } from './types.ts';

const now = performance.now.bind(performance);

function createRecorderOf(config: ResolvedConfig, tracer: () => Tracer): Recorder {
  const { ignorePath } = config;
  const mounts = createMountTable({
    proc: PROC_FILES,
    cwd: () => process.cwd(),
    now,
    ignorePath: ignorePath === undefined ? undefined : (path) => unobserved(() => ignorePath(path)),
  });
  return createRecorder({
    observation: observation(),
    nesting: nesting(),
    mounts,
    series: createSeries(hotMetricsFrom(TELEMETRY), mounts.mount),
    slow: createSlowOperations({ thresholdMs: config.slowThresholdMs, quantile: config.slowQuantile }),
    reports: createReports({ config, events: eventsFrom(TELEMETRY), mounts, tracer }),
    pool: libuvPool(),
    now,
    sampling: config.syncSampling,
    random: Math.random,
  });
}

/** Whether an operation was not switched off. */
type IsWanted = (definition: OperationDefinition) => boolean;

function patchFunctions(patches: Patches, recorder: Recorder, handles: FileHandles, isWanted: IsWanted): void {
  const refused: string[] = [];
  for (const definition of FS_OPERATIONS.filter(isWanted)) {
    const { name, descriptor } = definition;
    const adopt = descriptor === 'open' ? handles.adopt : undefined;
    const promise = observePromise(createOperation(definition, 'promise'), recorder, adopt);
    const callback = observeCallback(createOperation(definition, 'callback'), recorder);
    const sync = `${name}Sync`;
    const isWrapped = patches.wrap(fs, sync, observeSync(createOperation(definition, 'sync'), recorder));
    if (!isWrapped && typeof Reflect.get(fs, sync) === 'function') refused.push(sync);
    patches.wrap(fs, name, name === 'openAsBlob' ? promise : callback);
    patches.wrap(fs.promises, name, name === 'glob' ? observeGlob(definition, recorder) : promise);
  }
  if (refused.length === 0) return;
  warnOnce('vfs.refused', `${TELEMETRY.scope}: fs is frozen; ${refused.length} of its functions cannot be observed`);
}

/** Before `realpath` itself: its wrapper takes over the own properties that it finds. */
function patchRealpathNative(patches: Patches, recorder: Recorder): void {
  patches.wrap(fs.realpath, 'native', observeCallback(createOperation(REALPATH_NATIVE, 'callback'), recorder));
  patches.wrap(fs.realpathSync, 'native', observeSync(createOperation(REALPATH_NATIVE, 'sync'), recorder));
}

/** The observation of the filesystem API of this thread. */
export interface Vfs {
  /** False when somebody else observes it already. */
  enable(): boolean;
  disable(): void;
}

/**
 * Creates it; nothing is patched or allocated before `enable`.
 * @param tracer asked for at each slow operation, so that a provider that is set later is used
 */
export function createVfs(config: ResolvedConfig, tracer: () => Tracer): Vfs {
  const patches = createPatches();
  let release: (() => void)[] = [];

  const patch = (): void => {
    const recorder = createRecorderOf(config, tracer);
    const isWanted: IsWanted = ({ name }) => !config.ignoreOperations.has(name);
    const handles = createFileHandles(patches, recorder, isWanted);
    release.push(handles.release);
    if (isWanted(REALPATH_NATIVE)) patchRealpathNative(patches, recorder);
    patchFunctions(patches, recorder, handles, isWanted);
    observeDirectories(fs.Dir.prototype, { patches, recorder, isWanted });
    patches.sync();
    // A collection starts at depth 0. A script that vm stopped inside an operation leaves the depth raised: no
    // `finally` runs then.
    const { observation: state } = recorder;
    release.push(
      hotMetrics()
        .meter(TELEMETRY.scope, TELEMETRY.version)
        .observe(() => {
          state.depth = 0;
          state.own = 0;
        }),
    );
  };

  return {
    enable(): boolean {
      const unclaim = claim('vfs');
      if (unclaim === undefined) {
        warnOnce(
          'vfs.claimed',
          `${TELEMETRY.scope}: the filesystem is observed already in this thread; not doing it twice`,
        );
        return false;
      }
      release = [unclaim];
      patch();
      return true;
    },
    disable(): void {
      patches.restore();
      for (const undo of release.splice(0)) undo();
    },
  };
}
