import { pathOf, type StoredTrace, type TracePath, type TraceStore } from '../telemetry/traces.ts';
import { clock, duration, percent } from './format.ts';
import { type Block, type Cell, left, lines, right, type Section, table, toned } from './model.ts';

const BAR_CELLS = 30;
const WORTH_TELLING = 0.005;

/** The causes of `sonde.blame.*`, in words. */
const CAUSES: ReadonlyMap<string, string> = new Map([
  ['own_turn', 'long turns of the event loop in which the request itself computed'],
  ['blocked_loop', 'an event loop that others blocked'],
  ['busy_loop', 'short turns of the event loop, its own and those of others'],
  ['gc', 'garbage collection'],
  ['cpu', 'waiting for a CPU'],
  ['pool', 'waiting for a thread of the libuv pool'],
  ['pool_work', 'its own work on the libuv pool'],
  ['filesystem', 'the filesystem'],
  ['connect', 'name look-up and connecting'],
  ['ipc_queue', 'messages that waited to be taken up'],
  ['child_service', 'other threads, processes and services at work for it'],
  ['unexplained', 'nothing that is known'],
]);

export interface TraceFacts {
  readonly traces: TraceStore;
  readonly startMs: number;
}

/** The slowest request, and the slowest of those that went through most threads and processes. */
export function traceSection({ traces, startMs }: TraceFacts): Section {
  const title = 'Slowest request';
  const slowest = traces.slowest();
  if (slowest === undefined) return { title, blocks: [lines(toned('No trace of a request was kept.', 'dim'))] };
  const farthest = farthestOf(traces);
  const blocks = traceBlocks(slowest, 'The slowest', startMs);
  if (farthest === undefined) blocks.push(lines(toned(ONE_PLACE, 'dim')));
  else if (farthest.root.traceId !== slowest.root.traceId)
    blocks.push(
      lines(''),
      ...traceBlocks(farthest, `The slowest through ${farthest.places} threads and processes`, startMs),
    );
  return { title, blocks };
}

const ONE_PLACE =
  'No trace in this run goes on in another thread or process: what those did stands in traces of their own.';

function farthestOf(traces: TraceStore): StoredTrace | undefined {
  let most = 1;
  traces.slowest(({ places }) => {
    most = Math.max(most, places);
    return false;
  });
  return most === 1 ? undefined : traces.slowest(({ places }) => places === most);
}

function traceBlocks(trace: StoredTrace, what: string, startMs: number): Block[] {
  const path = pathOf(trace);
  const { root } = trace;
  const name = String(root.attributes.get('http.route') ?? root.name);
  const head = toned(`${what}: ${name}, ${duration(root.durationMs)}, at ${clock(root.startMs - startMs)}.`, 'strong');
  if (path === undefined) return [lines(head)];
  return [lines(head), { kind: 'trace', path }, ...blameBlocks(path)];
}

/** What the time of the request went to, as the service itself accounted for it. */
function blameBlocks({ tree, durationMs }: TracePath): Block[] {
  const [root] = tree;
  const worthTelling = (root?.blame ?? []).filter(({ seconds }) => seconds * 1_000 >= durationMs * WORTH_TELLING);
  if (worthTelling.length === 0) return [];
  const rows = worthTelling.map(({ cause, seconds }): Cell[] => {
    const share = Math.min(1, (seconds * 1_000) / durationMs);
    return [
      duration(seconds * 1_000),
      percent(share),
      '█'.repeat(Math.max(1, Math.round(share * BAR_CELLS))),
      CAUSES.get(cause) ?? cause.replaceAll('_', ' '),
    ];
  });
  return [table([right('time'), right('share'), left(''), left('blamed on')], rows)];
}
