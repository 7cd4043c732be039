import { describeExit, type Exit } from '../processes.ts';
import type { TelemetryStore } from '../telemetry/store.ts';
import type { TraceStore } from '../telemetry/traces.ts';
import { slowSection, stallsSection } from './finding-sections.ts';
import type { Findings } from './findings.ts';
import { duration, plural } from './format.ts';
import { messagesSection } from './messages-section.ts';
import { lines, type Report, toned } from './model.ts';
import { processesSection } from './processes-section.ts';
import { routesSection } from './routes-section.ts';
import { streamSection, subsystemSections } from './subsystem-sections.ts';
import { traceSection } from './trace-section.ts';

export interface ProgramFacts {
  readonly file: string;
  readonly store: TelemetryStore;
  readonly traces: TraceStore;
  readonly findings: Findings;
  readonly startMs: number;
  readonly elapsedMs: number;
  readonly exit: Exit;
}

/** The report on the user's own program: only what there is something to say about. */
export function programReport({ file, store, traces, findings, startMs, elapsedMs, exit }: ProgramFacts): Report {
  const stalls = findings.stalls();
  const slow = findings.slowOperations();
  const context = { startMs, stalls };
  const { spans, logs } = store.counts;
  const processes = processesSection(store);
  const messages = messagesSection(store);
  const names = store.metricNames().length;
  const facts = [`${file} ended ${describeExit(exit)} after ${duration(elapsedMs)}`];
  if (names === 0 && spans === 0)
    return {
      title: 'Sonde',
      facts,
      sections: [
        {
          title: 'No telemetry',
          blocks: [lines(toned('Nothing arrived: the program was killed, or Sonde is switched off.', 'dim'))],
        },
      ],
    };
  return {
    title: 'What Sonde saw',
    facts: [...facts, `from ${plural(spans, 'span')}, ${plural(logs, 'log record')} and ${plural(names, 'metric')}`],
    sections: [
      ...(store.requests().length > 0 ? [routesSection(store)] : []),
      ...[processes, messages].filter((section) => section !== undefined),
      ...subsystemSections(store),
      ...(slow.length > 0 ? [slowSection(slow, context)] : []),
      ...(stalls.length > 0 ? [stallsSection(context)] : []),
      ...(traces.slowest() === undefined ? [] : [traceSection({ traces, startMs })]),
      streamSection(store),
    ],
  };
}
