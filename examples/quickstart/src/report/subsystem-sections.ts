import type { ProcessTelemetry } from '../telemetry/store.ts';
import { groupBy, points, summary, total } from './figures.ts';
import { bytes, count, duration, percent } from './format.ts';
import { type Cell, flexible, left, lines, right, type Section, table, toned } from './model.ts';

const MOST_OPERATIONS = 10;
const HTTP_CLIENT = 'http.client.request.duration';
const VFS = 'sonde.vfs.operation.duration';
const MOUNT = 'system.filesystem.mountpoint';

/** The layers under the routes, each from its own metrics. */
export function subsystemSections(store: ProcessTelemetry): Section[] {
  return [filesystemSection(store), schedulerSection(store), httpClientSection(store)].filter(
    (section) => section !== undefined,
  );
}

function filesystemSection(store: ProcessTelemetry): Section | undefined {
  const all = points(store, VFS);
  if (all.length === 0) return undefined;
  const mounts = [...groupBy(all, MOUNT)]
    .map(([mount, found]) => {
      const { count: operations, quantile } = summary(found);
      const io = (direction: string): string =>
        bytes(total(store, 'sonde.vfs.io', { [MOUNT]: mount, 'disk.io.direction': direction }) || 0);
      const errors = total(store, 'sonde.vfs.operation.errors', { [MOUNT]: mount }) || 0;
      const type = String(found[0]?.attributes.get('system.filesystem.type') ?? '');
      return {
        operations,
        cells: [
          mount,
          type,
          count(operations),
          errors === 0 ? '0' : toned(count(errors), 'warn'),
          io('read'),
          io('write'),
          duration(quantile(0.5) * 1e3),
          duration(quantile(0.99) * 1e3),
        ] as Cell[],
      };
    })
    .sort((a, b) => b.operations - a.operations);
  const operations = [...groupBy(all, 'sonde.vfs.operation')]
    .map(([name, found]) => ({ name, ...summary(found) }))
    .sort((a, b) => b.sum - a.sum);
  return {
    title: 'Filesystem',
    blocks: [
      table(
        [flexible('mount'), left('type'), ...['operations', 'errors', 'read', 'written', 'p50', 'p99'].map(right)],
        mounts.map(({ cells }) => cells),
      ),
      lines(''),
      table(
        [left('operation'), ...['count', 'total time', 'p50', 'p99', 'longest'].map(right)],
        operations
          .slice(0, MOST_OPERATIONS)
          .map(({ name, count: calls, sum, max, quantile }) => [
            name,
            count(calls),
            duration(sum * 1e3),
            duration(quantile(0.5) * 1e3),
            duration(quantile(0.99) * 1e3),
            max > 0 ? duration(max * 1e3) : '',
          ]),
      ),
    ],
  };
}

function schedulerSection(store: ProcessTelemetry): Section | undefined {
  const turns = summary(points(store, 'sonde.scheduler.eventloop.turn.duration', { 'sonde.thread.role': 'main' }));
  const gc = summary(points(store, 'v8js.gc.duration'));
  if (turns.count === 0 && gc.count === 0) return undefined;
  const main = { 'sonde.thread.role': 'main' };
  const active = total(store, 'nodejs.eventloop.time', { ...main, 'nodejs.eventloop.state': 'active' });
  const idle = total(store, 'nodejs.eventloop.time', { ...main, 'nodejs.eventloop.state': 'idle' });
  const cpu = total(store, 'sonde.scheduler.thread.cpu.time', main);
  const waited = total(store, 'sonde.scheduler.thread.run_queue.time', main);
  const switches = (type: string): string =>
    count(total(store, 'process.context_switches', { 'process.context_switch.type': type }));
  const queue = total(store, 'sonde.scheduler.pool.queue.time');
  const done = total(store, 'sonde.scheduler.pool.operations');
  const saturated = total(store, 'sonde.scheduler.pool.saturated.time');
  const pressure = total(store, 'sonde.scheduler.pressure.time', {
    'sonde.pressure.resource': 'cpu',
    'sonde.pressure.stalled': 'some',
    'sonde.pressure.source': 'system',
  });
  const facts: [string, string][] = [
    [
      'event loop',
      `${percent(active / (active + idle))} busy, ${count(turns.count)} turns, p99 ${duration(turns.quantile(0.99) * 1e3)}, longest ${duration(turns.max * 1e3)}`,
    ],
    ['main thread', `${duration(cpu * 1e3)} on a CPU, ${duration(waited * 1e3)} waiting for one`],
    ['context switches', `${switches('voluntary')} voluntary, ${switches('involuntary')} involuntary`],
    [
      'garbage collection',
      `${count(gc.count)} pauses, ${duration(gc.sum * 1e3)} in all, longest ${duration(gc.max * 1e3)}`,
    ],
    [
      'libuv pool',
      done > 0
        ? `${count(total(store, 'sonde.scheduler.pool.size'))} threads, ${count(done)} operations, waited ${duration((queue / done) * 1e3)} each on average, all threads taken for ${duration(saturated * 1e3)}`
        : '-',
    ],
    ['CPU pressure', `${duration(pressure * 1e3)} in which something on this machine waited for a CPU`],
  ];
  return {
    title: 'Scheduler',
    blocks: [
      table(
        [left(''), left('')],
        facts.filter(([, text]) => !text.startsWith('-')),
      ),
    ],
  };
}

function httpClientSection(store: ProcessTelemetry): Section | undefined {
  const all = points(store, HTTP_CLIENT);
  if (all.length === 0) return undefined;
  const server = ({ attributes }: (typeof all)[number]): string =>
    `${attributes.get('server.address')}:${attributes.get('server.port')}`;
  const rows = [...Map.groupBy(all, (point) => `${point.attributes.get('http.request.method')} ${server(point)}`)]
    .map(([name, found]) => ({
      name,
      all: summary(found),
      failed: summary(found.filter(({ attributes }) => attributes.get('error.type') !== undefined)),
    }))
    .sort((a, b) => b.all.count - a.all.count)
    .slice(0, MOST_OPERATIONS);
  return {
    title: 'Calls to other services',
    blocks: [
      table(
        [flexible('to'), ...['requests', 'errors', 'p50', 'p99'].map(right)],
        rows.map(({ name, all: { count: requests, quantile }, failed }) => [
          name,
          count(requests),
          failed.count === 0 ? '0' : toned(count(failed.count), 'bad'),
          `~${duration(quantile(0.5) * 1e3)}`,
          `~${duration(quantile(0.99) * 1e3)}`,
        ]),
      ),
    ],
  };
}

/** What became of the events. */
export function streamSection(store: ProcessTelemetry): Section {
  const title = 'Event stream';
  const events = (what: string): number => total(store, `sonde.event_stream.events${what}`);
  if (Number.isNaN(events(''))) return { title, blocks: [lines(toned('No statistics arrived.', 'dim'))] };
  const dropped = events('.refused') + events('.overwritten');
  const heldBack = total(store, 'sonde.event_bridge.events', { 'sonde.event_bridge.outcome': 'held_back' });
  const columns = ['produced', 'consumed', 'dropped', 'thinned', 'log records', 'held back', 'threads', 'memory'];
  const row: Cell[] = [
    count(events('')),
    count(events('.consumed')),
    toned(count(dropped), dropped === 0 ? 'good' : 'bad'),
    count(events('.thinned')),
    count(total(store, 'sonde.event_bridge.log_records') || 0),
    count(heldBack || 0),
    count(total(store, 'sonde.event_stream.threads')),
    bytes(total(store, 'sonde.event_stream.memory')),
  ];
  return { title, blocks: [table(columns.map(right), [row])] };
}
