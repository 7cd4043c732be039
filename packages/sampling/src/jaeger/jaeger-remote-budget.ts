import { countDropped, everyUnref, guard, warnOnce } from '@sonde/instrumentation-kit';
import type { KeyStrategy } from '../key-strategy.ts';
import { requestText } from './request.ts';
import { parseStrategy } from './strategy.ts';

/** What is needed of a sampler. */
export interface FollowingSampler {
  follow(strategy: KeyStrategy | undefined): void;
}

export interface JaegerRemoteBudgetConfig {
  /** The `AdaptiveSampler` that is to do what Jaeger says. Not one that shares its budget. */
  sampler: FollowingSampler;
  /** The name under which Jaeger knows this service. */
  serviceName: string;
  /** Default `http://127.0.0.1:5778/sampling`. */
  endpoint?: string;
  /** Time between two questions, 100 to 3,600,000 ms. Default 60,000. */
  pollIntervalMs?: number;
  /** Longest wait for an answer, 10 to 60,000 ms. Default 5000. */
  timeoutMs?: number;
}

/** What holds where nothing is given. */
export const JAEGER_DEFAULTS = {
  endpoint: 'http://127.0.0.1:5778/sampling',
  pollIntervalMs: 60_000,
  timeoutMs: 5000,
} as const;

const MAX_BYTES = 1_000_000;

function checkNumber(option: string, value: unknown, min: number, max: number): number {
  const message = `JaegerRemoteBudget: ${option} must be a number from ${min} to ${max}, got ${String(value)}`;
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message);
  if (value < min || value > max) throw new RangeError(message);
  return value;
}

function urlOf(endpoint: unknown, serviceName: unknown): URL {
  if (typeof serviceName !== 'string' || serviceName === '') {
    throw new TypeError(`JaegerRemoteBudget: serviceName must be a text, got ${String(serviceName)}`);
  }
  const url = typeof endpoint === 'string' ? URL.parse(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`JaegerRemoteBudget: endpoint must be a http or https URL, got ${String(endpoint)}`);
  }
  url.searchParams.set('service', serviceName);
  return url;
}

/**
 * Asks Jaeger (or an OpenTelemetry Collector with the jaegerremotesampling extension) how to sample, and makes an
 * `AdaptiveSampler` do so. Until the first answer the sampler does as it is configured; when answers fail, as it was told
 * last. Kept traces that begin here say `sampler.type` and `sampler.param`, from which Jaeger's adaptive sampling learns.
 *
 * @throws TypeError or RangeError at construction for a bad option; never afterwards
 */
export class JaegerRemoteBudget {
  readonly #sampler: FollowingSampler;
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #stop: () => void;
  readonly #abort = new AbortController();
  #asking: Promise<void> | undefined;
  #text = '';
  /** Questions without a good answer. */
  failures = 0;

  constructor(config: JaegerRemoteBudgetConfig) {
    const { sampler, serviceName, endpoint, pollIntervalMs, timeoutMs } = { ...JAEGER_DEFAULTS, ...config };
    if (typeof sampler?.follow !== 'function') {
      throw new TypeError('JaegerRemoteBudget: sampler must be an AdaptiveSampler');
    }
    this.#sampler = sampler;
    this.#url = urlOf(endpoint, serviceName);
    this.#timeoutMs = checkNumber('timeoutMs', timeoutMs, 10, 60_000);
    this.#stop = everyUnref(() => void this.poll(), checkNumber('pollIntervalMs', pollIntervalMs, 100, 3_600_000));
    void this.poll();
  }

  /** Asks now, unless a question is on its way; resolves when that is answered or has failed. Never rejects. */
  poll(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    try {
      const limits = { timeoutMs: this.#timeoutMs, maxBytes: MAX_BYTES, signal: this.#abort.signal };
      const text = await requestText(this.#url, limits);
      if (this.#abort.signal.aborted || text === this.#text) return;
      this.#sampler.follow(parseStrategy(text));
      this.#text = text;
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.failures += 1;
    const message = 'JaegerRemoteBudget: no usable answer; the sampler goes on as before';
    guard('sampling.jaeger', () => countDropped('sampling.jaeger'), undefined);
    guard('sampling.jaeger', () => warnOnce('sampling.jaeger.answer', message, error), undefined);
  }

  /** Asks no more. The sampler goes on as it was told last. */
  shutdown(): void {
    this.#stop();
    this.#abort.abort();
  }
}
