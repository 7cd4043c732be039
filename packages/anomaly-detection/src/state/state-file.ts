import { resolve } from 'node:path';
import { unobserved } from '@sonde/instrumentation-kit';
import { checkWritable, messageOf } from './private-file.ts';
import {
  obstacleAt,
  readState,
  type SavedState,
  type StateSources,
  writeState,
  writeStateSync,
} from './saved-state.ts';

export interface StateFileConfig {
  readonly path: string;
  /** What the path was given by, as messages name it. */
  readonly name: string;
  /** Tells people a sentence, once. */
  readonly warn: (sentence: string) => void;
}

/** Tells what to do about a file that is not replaced. */
export function keptSentence(name: string, path: string, obstacle: string): string {
  return `${name}: ${path} ${obstacle}: it is kept as it is, and nothing is saved; name another file, or move this one away`;
}

/**
 * The file in which a process saves what it has learned, and finds what a former one had. It never replaces a file that is
 * no such state, nor a state of a newer version; what stands in the way is told, and never thrown.
 */
export class StateFile {
  readonly #config: StateFileConfig;
  #isToldUnwritable = false;

  constructor(config: StateFileConfig) {
    // The process may go to another folder before the end.
    this.#config = { ...config, path: resolve(config.path) };
  }

  /** What was saved; undefined where nothing is, or nothing that can be used. Tells at once what will stand in the way of saving. */
  load(): SavedState | undefined {
    const { path, name, warn } = this.#config;
    try {
      checkWritable(path);
    } catch (error) {
      this.#tellUnwritable(error);
    }
    if (this.#isKept()) return undefined;
    try {
      const state = readState(path);
      if (state !== undefined && state.damaged > 0) {
        warn(`${name}: damaged lines of ${path} are left out (${state.damaged}), the rest is used`);
      }
      return state;
    } catch (error) {
      warn(`${name}: ${messageOf(error)}: everything is learned anew, and the file is replaced at the next save`);
      return undefined;
    }
  }

  async save(sources: () => StateSources): Promise<void> {
    if (this.#isKept()) return;
    try {
      await writeState(this.#config.path, sources);
    } catch (error) {
      this.#tellUnwritable(error);
    }
  }

  /** Saves before it returns, for the end of a process. */
  saveSync(sources: StateSources): void {
    try {
      // What is written here is none of what the application does.
      unobserved(() => {
        if (!this.#isKept()) writeStateSync(this.#config.path, sources);
      });
    } catch (error) {
      this.#tellUnwritable(error);
    }
  }

  #tellUnwritable(error: unknown): void {
    if (this.#isToldUnwritable) return;
    this.#isToldUnwritable = true;
    const { path, name, warn } = this.#config;
    const way = 'name a file in a folder that exists and that this process may write to';
    warn(`${name}: ${path} cannot be written: what is learned is not saved (${messageOf(error)}); ${way}`);
  }

  /** Asked before each saving: somebody may have put a file there since. */
  #isKept(): boolean {
    const { path, name, warn } = this.#config;
    const obstacle = obstacleAt(path);
    if (obstacle !== undefined && !this.#isToldUnwritable) warn(keptSentence(name, path, obstacle));
    return obstacle !== undefined;
  }
}
