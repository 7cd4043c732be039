import diagnosticsChannel from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import http from 'node:http';
import { isIP } from 'node:net';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type HotMetricProducer, hotMetrics } from '@sonde/hot-metrics';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 9464;
const PATH = '/metrics';
/** How often a taken port is tried again. */
const RETRY_MS = 5000;
/** Longest wait for a request's head, and for the whole of it. */
const REQUEST_TIMEOUT_MS = 5000;
const MAX_HEADER_BYTES = 8192;
const MAX_CONNECTIONS = 64;
/** Published when `listen` is called, before the port is bound. Public in Node >= 18.18. */
const LISTEN_CHANNEL = 'tracing:net.server.listen:asyncStart';

/** Another process has the port; the application itself wants it; or the code of another error. */
export type Unavailable = 'taken' | 'wanted' | (string & {});

export interface PrometheusEndpointConfig {
  /** Default 127.0.0.1: nobody but this machine. */
  readonly host?: string | undefined;
  /** 0..65,535, 0 for any free one. Default 9464. */
  readonly port?: number | undefined;
  /** Metrics cannot be served: told once. */
  readonly onUnavailable: (address: string, reason: Unavailable) => void;
  readonly setTimeout?: (callback: () => void, delayMs: number) => { unref(): unknown };
}

export interface PrometheusEndpoint {
  /** For `metricReaders`. */
  readonly reader: PrometheusExporter;
  /** What to scrape, whether or not it is bound yet. */
  readonly url: string;
  /** Calls back once `url` is final: at once, unless any free port will do. */
  whenKnown(callback: () => void): void;
  stop(): void;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function hostOf(header: string | undefined): string {
  return (header ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
}

/** Why a request is refused, or undefined: a web page must not read metrics through a browser on this machine. */
function refusal(request: http.IncomingMessage, boundTo: string): number | undefined {
  if (request.headers.origin !== undefined) return 403;
  if (isLoopback(boundTo) && !isLoopback(hostOf(request.headers.host))) return 403;
  if (request.method !== 'GET' && request.method !== 'HEAD') return 405;
  return request.url?.split('?', 1)[0] === PATH ? undefined : 404;
}

function createServer(reader: PrometheusExporter, host: string): http.Server {
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = http.createServer(limits, (request, response) => {
    const status = refusal(request, host);
    if (status === undefined) {
      context.with(suppressTracing(ROOT_CONTEXT), () => reader.getMetricsRequestHandler(request, response));
    } else response.writeHead(status).end();
  });
  server.maxConnections = MAX_CONNECTIONS;
  // The HTTP instrumentation patches http.Server.prototype.emit: scrapes are none of the application's requests.
  server.emit = EventEmitter.prototype.emit;
  // A scraper keeps its connection open; it must not keep the process.
  server.on('connection', (socket) => socket.unref());
  return server.unref();
}

/** The stock exporter, without its server; its shutdown, which the SDK calls, stops ours. */
class ScrapedReader extends PrometheusExporter {
  readonly #stop: () => void;

  constructor(stop: () => void, producer: HotMetricProducer) {
    super({ preventServerStart: true, metricProducers: [producer] });
    this.#stop = stop;
  }

  override async onShutdown(): Promise<void> {
    this.#stop();
  }
}

class Endpoint implements PrometheusEndpoint {
  readonly reader: PrometheusExporter;
  readonly #config: PrometheusEndpointConfig;
  readonly #host: string;
  readonly #port: number;
  readonly #server: http.Server;
  readonly #producer: HotMetricProducer;
  #isStopped = false;
  #wasTold = false;

  constructor(config: PrometheusEndpointConfig) {
    this.#config = config;
    this.#host = config.host ?? DEFAULT_HOST;
    this.#port = config.port ?? DEFAULT_PORT;
    this.#producer = hotMetrics().producer({ temporality: 'cumulative' });
    this.reader = new ScrapedReader(() => this.stop(), this.#producer);
    this.#server = createServer(this.reader, this.#host);
    this.#server.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    this.#server.on('listening', () => {
      if (this.#isStopped) this.#server.close();
    });
    diagnosticsChannel.subscribe(LISTEN_CHANNEL, this.#yieldTo);
    this.#listen();
  }

  get url(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.#port;
    return `http://${isIP(this.#host) === 6 ? `[${this.#host}]` : this.#host}:${port}${PATH}`;
  }

  whenKnown(callback: () => void): void {
    if (this.#port !== 0 || this.#server.listening) callback();
    else this.#server.once('listening', callback);
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    diagnosticsChannel.unsubscribe(LISTEN_CHANNEL, this.#yieldTo);
    // Closes the listening handle at once: the port is free when this returns.
    this.#server.close();
    this.#server.closeAllConnections();
    this.#producer.close();
  }

  /** The application is about to listen on this port, most likely for a Prometheus exporter of its own: it goes first. */
  readonly #yieldTo = (message: unknown): void => {
    const { server, options } = message as { server?: unknown; options?: { port?: unknown } };
    if (server === this.#server || Number(options?.port) !== this.#port || this.#port === 0) return;
    this.stop();
    this.#tell('wanted');
  };

  #listen(): void {
    if (this.#isStopped) return;
    try {
      this.#server.listen({ host: this.#host, port: this.#port, exclusive: true });
    } catch (error) {
      this.#onError(error as NodeJS.ErrnoException);
    }
  }

  #onError(error: NodeJS.ErrnoException): void {
    const isTaken = error.code === 'EADDRINUSE';
    this.#tell(isTaken ? 'taken' : (error.code ?? error.message));
    if (!isTaken) return;
    const later = this.#config.setTimeout ?? setTimeout;
    later(() => this.#listen(), RETRY_MS).unref();
  }

  #tell(reason: Unavailable): void {
    if (this.#wasTold) return;
    this.#wasTold = true;
    this.#config.onUnavailable(`${this.#host}:${this.#port}`, reason);
  }
}

/**
 * Serves the stock Prometheus exporter's text on a server of Sonde's own: on loopback by default, closed to browsers,
 * with limits on head, time and connections, and never keeping the process alive. A port taken by another process is
 * tried again every 5 s; one that the application wants is given up to it.
 */
export function createPrometheusEndpoint(config: PrometheusEndpointConfig): PrometheusEndpoint {
  return new Endpoint(config);
}
