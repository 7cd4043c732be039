import { closeSync, openSync, readSync } from 'node:fs';
import { observation, unobserved } from '@sonde/instrumentation-kit';

/** Larger than anything that is read here. */
const BUFFER_BYTES = 8192;
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
const state = observation();

/**
 * A file of /proc or /sys that is kept open and read from its start each time: a fifth of the cost of readFileSync.
 * Sonde's own reads are not observed by its instrumentations.
 */
export class ProcFile {
  /** What the last `read` of any file has read; the next one overwrites it. */
  static readonly bytes: Uint8Array = buffer;
  readonly path: string;
  #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** @throws the error of the operating system when it cannot be opened */
  static open(path: string): ProcFile {
    return new ProcFile(
      path,
      unobserved(() => openSync(path, 'r')),
    );
  }

  /** Reads into `ProcFile.bytes`. @returns the length, -1 when it has gone, as the file of a thread that ended */
  read(): number {
    if (this.#fd < 0) return -1;
    // As `unobserved`, without a closure: this is what a collection consists of.
    state.depth += 1;
    try {
      return readSync(this.#fd, buffer, 0, BUFFER_BYTES, 0);
    } catch {
      this.close();
      return -1;
    } finally {
      state.depth -= 1;
    }
  }

  /** The same as text. */
  text(): string | undefined {
    const length = this.read();
    return length < 0 ? undefined : buffer.toString('latin1', 0, length);
  }

  close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    try {
      unobserved(() => closeSync(fd));
    } catch {
      // Somebody else closed it. There is nothing to free.
    }
  }
}
