import { diag } from '@opentelemetry/api';

/** Says each thing once through `diag`, and counts what was left out. Nothing here throws. */
export class Reports {
  overflowed = 0;
  rejected = 0;
  callbackErrors = 0;
  readonly #said = new Set<string>();

  /** `diag.warn`, once for each key. At most 1,000 keys are remembered; after that nothing more is said. */
  warnOnce(key: string, message: string): void {
    if (this.#isNew(key)) say(() => diag.warn(message));
  }

  /** `diag.info`, once for each key. */
  infoOnce(key: string, message: string): void {
    if (this.#isNew(key)) say(() => diag.info(message));
  }

  #isNew(key: string): boolean {
    if (this.#said.has(key) || this.#said.size >= 1000) return false;
    this.#said.add(key);
    return true;
  }
}

/** A logger of the application that throws must not reach the code that records. */
function say(log: () => void): void {
  try {
    log();
  } catch {
    // Nowhere is left to say it.
  }
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}
