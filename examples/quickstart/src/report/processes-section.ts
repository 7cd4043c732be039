import type { ProcessFacts, TelemetryStore } from '../telemetry/store.ts';
import { points, summary, total } from './figures.ts';
import { bytes, count, duration, percent } from './format.ts';
import { type Cell, flexible, right, type Section, table } from './model.ts';

const MOST_ROWS = 20;
const LOOP = 'nodejs.eventloop.time';

/** The processes that the service consists of; undefined where it is only one. */
export function processesSection(store: TelemetryStore): Section | undefined {
  const processes = store.processes();
  if (processes.length < 2) return undefined;
  const columns = ['pid', 'requests', 'loop busy', 'CPU time', 'heap', 'spans kept'].map(right);
  return {
    title: 'Processes',
    blocks: [
      table(
        [flexible('process'), ...columns],
        processes.slice(0, MOST_ROWS).map((one) => row(store, one)),
      ),
    ],
  };
}

function row(store: TelemetryStore, { pid, service, spans }: ProcessFacts): Cell[] {
  const own = store.ofProcess(pid);
  const main = { 'sonde.thread.role': 'main' };
  const active = total(own, LOOP, { ...main, 'nodejs.eventloop.state': 'active' });
  const idle = total(own, LOOP, { ...main, 'nodejs.eventloop.state': 'idle' });
  return [
    service || '(no name)',
    String(pid),
    count(summary(points(own, 'http.server.request.duration')).count),
    percent(active / (active + idle)),
    duration(total(own, 'sonde.scheduler.thread.cpu.time') * 1e3),
    bytes(total(own, 'v8js.memory.heap.used')),
    count(spans),
  ];
}
