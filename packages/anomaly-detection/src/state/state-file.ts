import { messageOf } from './private-file.ts';
import { obstacleAt, readState, type SavedState, type StateSources, writeState } from './saved-state.ts';

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

  constructor(config: StateFileConfig) {
    this.#config = config;
  }

  /** What was saved; undefined where nothing is, or nothing that can be used. Tells at once what will stand in the way of saving. */
  load(): SavedState | undefined {
    if (this.#isKept()) return undefined;
    const { path, name, warn } = this.#config;
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
    const { path, name, warn } = this.#config;
    try {
      await writeState(path, sources);
    } catch (error) {
      warn(`${name}: ${path} cannot be written (${messageOf(error)})`);
    }
  }

  /** Asked before each saving: somebody may have put a file there since. */
  #isKept(): boolean {
    const { path, name, warn } = this.#config;
    const obstacle = obstacleAt(path);
    if (obstacle !== undefined) warn(keptSentence(name, path, obstacle));
    return obstacle !== undefined;
  }
}
