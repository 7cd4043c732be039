import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, globalErrorHandler, suppressTracing } from '@opentelemetry/core';

/** What the exporters of all signals have in common. */
export interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

/** Not in the context of OpenTelemetry: exporters go on when the context manager has been taken away, at the end. */
const exporting = new AsyncLocalStorage<true>();

/** Whether this is part of one of Sonde's exports. */
export function isExporting(): boolean {
  return exporting.getStore() === true;
}

/** No request's: the timers of processors keep the context of the first span that waits for them. */
const OWN_CONTEXT = suppressTracing(ROOT_CONTEXT);

interface RetryingTransport {
  retry(data: unknown, timeoutMs: number, delayMs: number): Promise<unknown>;
  readonly _transport: { send(data: unknown, timeoutMs: number): Promise<unknown> };
}

/**
 * The stock OTLP exporters wait for a retry in a timer that keeps the process alive, up to 10 s after its work is done
 * (opentelemetry-js, otlp-exporter-base/retrying-transport). The same wait in a timer that does not; where the
 * exporter is built otherwise, nothing changes.
 */
export function releaseRetries(exporter: unknown): void {
  const transport = (exporter as { _delegate?: { _transport?: Partial<RetryingTransport> } })?._delegate?._transport;
  const inner = transport?._transport;
  if (transport === undefined || typeof transport.retry !== 'function' || typeof inner?.send !== 'function') return;
  transport.retry = (data, timeoutMs, delayMs) =>
    new Promise((resolve, reject) => {
      setTimeout(() => inner.send(data, timeoutMs).then(resolve, reject), delayMs).unref();
    });
}

/** Imports a package from here or, where the package manager hides it, from beside sdk-node, which depends on it. */
async function importBeside(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const sdk = createRequire(import.meta.url).resolve('@opentelemetry/sdk-node');
    return import(pathToFileURL(createRequire(sdk).resolve(name)).href);
  }
}

/** Imports a package and makes an exporter of the class that it exports under `className`. */
export async function loadExporter<Items>(packageName: string, className: string): Promise<Exporter<Items>> {
  const loaded = (await importBeside(packageName)) as Record<string, new () => Exporter<Items>>;
  const ExporterClass = loaded[className];
  if (typeof ExporterClass !== 'function') throw new TypeError(`${packageName} exports no ${className}`);
  const exporter = new ExporterClass();
  releaseRetries(exporter);
  return exporter;
}

/** Those who wait for exports, and whether waiting is over. */
const waiting = new Set<() => void>();
let isWaitingOver = false;

/**
 * Ends every `forceFlush` under way and to come. The processors of the SDK wait for one beside a timer of 30 s that
 * keeps the process alive: an exit that has given up on a delivery must not leave them waiting.
 */
export function stopWaiting(): void {
  isWaitingOver = true;
  for (const stop of waiting) stop();
  waiting.clear();
}

/** Lets `forceFlush` wait again, for the next delivery. */
export function resumeWaiting(): void {
  isWaitingOver = false;
}

/** As many as the stock OTLP exporters have under way at most. */
const MAX_IN_FLIGHT = 30;

/**
 * An exporter that is loaded at the first export: the OTLP packages take as long to load as all of Sonde, and many
 * processes (command-line tools, children) end before they export anything.
 *
 * It answers as soon as it has taken a batch. The processors of the SDK wait for the answer with a timer of 30 s that
 * keeps the process alive; whoever needs to know what really became of it calls `forceFlush`. Failures go to the
 * global error handler, as those that processors hear of do.
 */
export class LazyExporter<Items> implements Exporter<Items> {
  readonly #load: () => Promise<Exporter<Items>>;
  #loading: Promise<Exporter<Items>> | undefined;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(load: () => Promise<Exporter<Items>>) {
    this.#load = load;
  }

  export(items: Items, done: (result: ExportResult) => void): void {
    if (this.#inFlight.size >= MAX_IN_FLIGHT) {
      done({ code: ExportResultCode.FAILED, error: new Error(`${MAX_IN_FLIGHT} exports are under way already`) });
      return;
    }
    const sending = context.with(OWN_CONTEXT, () => exporting.run(true, () => this.#send(items)));
    this.#inFlight.add(sending);
    sending.catch(globalErrorHandler).finally(() => this.#inFlight.delete(sending));
    done({ code: ExportResultCode.SUCCESS });
  }

  async forceFlush(): Promise<void> {
    if (isWaitingOver || this.#inFlight.size === 0) return;
    let stop = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    waiting.add(stop);
    await Promise.race([Promise.allSettled(this.#inFlight), stopped]);
    waiting.delete(stop);
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    const exporter = await this.#loading?.catch(() => undefined);
    await exporter?.shutdown();
  }

  async #send(items: Items): Promise<void> {
    this.#loading ??= this.#load();
    const exporter = await this.#loading;
    await new Promise<void>((resolve, reject) => {
      exporter.export(items, ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve();
        else reject(error ?? new Error('the export failed'));
      });
    });
  }
}
