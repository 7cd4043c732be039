import diagnosticsChannel from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { guarded } from '@sonde/instrumentation-kit';
import { isExporting } from '../opentelemetry/lazy-exporter.ts';

const CHANNEL = 'http.client.request.start';

const release = guarded('node.exit.sockets', (message: unknown): void => {
  if (!isExporting()) return;
  const { request } = message as { readonly request: ClientRequest };
  if (request.socket) request.socket.unref();
  else request.once('socket', (socket: Socket) => socket.unref());
});

/** Keeps the sockets of exports from keeping the process alive. Returns the undo. */
export function releaseExportSockets(): () => void {
  diagnosticsChannel.subscribe(CHANNEL, release);
  return () => {
    diagnosticsChannel.unsubscribe(CHANNEL, release);
  };
}
