import type { IncomingMessage } from 'node:http';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';

const SUPPRESSED = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);

/** How an answer is asked for. */
export interface RequestLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

function read(response: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    if (response.statusCode !== 200) {
      response.destroy();
      reject(new Error(`the server answered with status ${response.statusCode}`));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) response.destroy(new Error(`the server answered with more than ${maxBytes} bytes`));
    });
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.on('error', reject);
    response.on('close', () => reject(new Error('the connection was closed amid the answer')));
  });
}

/** The body of an answer, within limits. Makes no spans, follows no redirections, keeps no connection and no process. */
export async function requestText(url: URL, { timeoutMs, maxBytes, signal }: RequestLimits): Promise<string> {
  // Loaded here: an application that is not asked to poll does not load them for us.
  const { get } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    context.with(SUPPRESSED, () => {
      const request = get(url, { agent: false, signal, headers: { accept: 'application/json' } });
      const timer = setTimeout(() => {
        request.destroy(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs).unref();
      const end = (): void => clearTimeout(timer);
      request.on('socket', (socket) => socket.unref());
      request.on('error', (error) => {
        end();
        reject(error);
      });
      request.on('response', (response) => read(response, maxBytes).finally(end).then(resolve, reject));
    });
  });
}
