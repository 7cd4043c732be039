import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export type Signal = 'traces' | 'metrics' | 'logs';

export interface Sink {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT must be. */
  readonly url: string;
  readonly received: Readonly<Record<Signal, number>>;
  close(): Promise<void>;
}

const PATHS = new Map<string, Signal>([
  ['/v1/traces', 'traces'],
  ['/v1/metrics', 'metrics'],
  ['/v1/logs', 'logs'],
]);
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** An OTLP/HTTP receiver on a free port of 127.0.0.1 that understands JSON; `accept` gets each parsed request. */
export async function startSink(accept: (signal: Signal, body: unknown) => void): Promise<Sink> {
  const received = { traces: 0, metrics: 0, logs: 0 };
  const server = createServer((request, response) => {
    const signal = PATHS.get(request.url ?? '');
    if (request.method !== 'POST' || signal === undefined) {
      response.writeHead(404).end();
      return;
    }
    readBody(request)
      .then(
        (body) => {
          accept(signal, JSON.parse(body.toString('utf8')));
          received[signal]++;
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        },
        () => response.writeHead(400).end(),
      )
      .catch(() => response.writeHead(400).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError(`sink: a body must be at most ${MAX_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}
