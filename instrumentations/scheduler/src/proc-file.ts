import { closeSync, openSync, readSync } from 'node:fs';
import { unobserved } from '@sonde/instrumentation-kit';

/** Larger than anything that is read here (a mountinfo is not). */
const BUFFER_BYTES = 8192;
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/** Bytes of the last `read`, valid until the next one of any file. */
export interface ProcBytes {
  readonly bytes: Buffer;
  readonly length: number;
}

/**
 * A file of /proc or /sys that is kept open and read from its start each time: a fifth of the cost of readFileSync.
 * Sonde's own reads are not observed by its instrumentations.
 */
export class ProcFile {
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

  /** Undefined when it has gone, as the file of a thread that ended; it is closed then. */
  read(): ProcBytes | undefined {
    if (this.#fd < 0) return undefined;
    try {
      const length = unobserved(() => readSync(this.#fd, buffer, 0, BUFFER_BYTES, 0));
      return { bytes: buffer, length };
    } catch {
      this.close();
      return undefined;
    }
  }

  /** The same as text. */
  text(): string | undefined {
    const content = this.read();
    return content?.bytes.toString('latin1', 0, content.length);
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
