/** One run of a program and all that came out of it: to the user, over OTLP, at /metrics, and in its own exporters. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LogRecord,
  type ProtobufSink,
  type Received,
  type Span,
  startProtobufSink,
} from '../end-to-end/otlp-sink.ts';
import { freePort, type Outcome, runProgram } from './program.ts';

export interface Place {
  /** Path of a Node binary. */
  readonly node: string;
  /** A folder with one SDK line, Sonde, and the applications. */
  readonly folder: string;
}

/** What applications/own-exporters.cjs wrote. */
export interface OwnExport {
  readonly spans: readonly {
    readonly scope: string;
    readonly name: string;
    readonly kind: number;
    readonly attributes: readonly string[];
  }[];
  readonly logs: readonly string[];
  readonly metrics: readonly {
    readonly scope: string;
    readonly name: string;
    readonly unit: string;
    readonly total: number;
  }[];
}

export interface Observation extends Outcome {
  /** What an OTLP/HTTP collector received. */
  readonly spans: readonly Received<Span>[];
  readonly logs: readonly Received<LogRecord>[];
  /** The body of /metrics while the program ran; empty when nothing listened. */
  readonly served: string;
  readonly own: OwnExport;
}

/** @throws Error when the collector was sent what the official protos cannot decode. */
export async function observe({ node, folder }: Place, args: readonly string[]): Promise<Observation> {
  const sink: ProtobufSink = await startProtobufSink();
  const scratch = mkdtempSync(join(folder, 'run-'));
  try {
    const port = await freePort();
    const ownExport = join(scratch, 'own.json');
    let served = '';
    const outcome = await runProgram({
      node,
      cwd: folder,
      args,
      env: {
        OTEL_SERVICE_NAME: 'compatibility',
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        OWN_EXPORT: ownExport,
        // Every trace is kept, and goes through the sampler, the tail stage and the governor on its way.
        SONDE_TRACES_PER_SECOND: '100000',
        // A pool ends its threads without notice: they send what they have before that.
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
      async whenReady() {
        served = await fetch(`http://127.0.0.1:${port}/metrics`).then(
          (response) => response.text(),
          () => '',
        );
      },
    });
    if (sink.refused.length > 0) throw new Error(`undecodable OTLP: ${sink.refused.join('; ')}`);
    const own = existsSync(ownExport)
      ? JSON.parse(readFileSync(ownExport, 'utf8'))
      : { spans: [], logs: [], metrics: [] };
    return { ...outcome, spans: sink.spans, logs: sink.logs, served, own };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    await sink.close();
  }
}

/** One name a line. */
export function namesOf(items: readonly { readonly name: string }[]): string {
  return items.map(({ name }) => name).join('\n');
}
