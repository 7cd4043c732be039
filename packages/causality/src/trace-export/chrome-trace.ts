import type { EventRecord } from '@sonde/event-stream';
import { printable } from '@sonde/instrumentation-kit';
import { checkIterable } from '../check-iterable.ts';
import { labelOf } from '../critical-path/read-span.ts';
import type { TraceSpan } from '../critical-path/types.ts';
import { argsOf } from './args.ts';
import { flowEnds } from './flows.ts';
import { type Gathered, gather } from './gather.ts';
import { type Instant, instantOfRecord, instantsOfSlice } from './instants.ts';
import type { Slice } from './lanes.ts';
import { resolveExport } from './options.ts';
import { type PathTracks, pathTracks } from './path-tracks.ts';
import { type PlacedInstant, placeThreads, type ThreadPlan } from './threads.ts';
import { Tracks } from './tracks.ts';
import type { ChromeTrace, ChromeTraceEvent, ChromeTraceOptions } from './types.ts';

const ERROR_COLOUR = 'terrible';
const PATH_COLOUR = 'yellow';

/**
 * Turns spans of any number of traces, and records of the event stream, into the Chrome trace event format: JSON of it
 * opens in ui.perfetto.dev, in speedscope and in chrome://tracing. Each thread of each process has its tracks; spans of a
 * thread that overlap, as asynchronous work does, lie in lanes of their own below it. Arrows lead from parents to children
 * in other tracks and along links. The critical paths come first, as a process of their own. O(n log n).
 *
 * @throws TypeError, RangeError for bad options
 */
export function toChromeTrace<S extends TraceSpan>(
  spans: Iterable<S>,
  events: Iterable<EventRecord> = [],
  options: ChromeTraceOptions = {},
): ChromeTrace {
  checkIterable('toChromeTrace', 'spans', spans);
  checkIterable('toChromeTrace', 'events', events);
  const resolved = resolveExport(options);
  const { maxSpans, maxEvents, attributes } = resolved;
  const records = instantsOf(events);
  const first = records.instants.reduce((time, { timeUs }) => Math.min(time, timeUs), Number.POSITIVE_INFINITY);
  const gathered = gather(spans, maxSpans, first);
  const pids = gathered.processes.map(({ pid }) => pid ?? 0).concat(records.instants.map(({ pid }) => pid ?? 0));
  const tracks = new Tracks(pids);
  const paths = pathTracks(gathered, resolved, tracks);
  const instants = keepEarliest(records.instants, gathered, maxEvents);
  const plan = placeThreads(gathered, instants.kept, tracks);
  const traceEvents = [
    ...sliceEvents(gathered, plan, paths, attributes),
    ...instantEvents(instants.kept, gathered.zeroUs, plan),
    ...paths.events,
  ].sort((a, b) => a.ts - b.ts);
  return {
    displayTimeUnit: 'ms',
    otherData: {
      start: Number.isFinite(gathered.zeroUs) ? new Date(gathered.zeroUs / 1000).toISOString() : '',
      spans: gathered.slices.length,
      spans_left_out: gathered.left,
      spans_unreadable: gathered.unreadable,
      events: instants.kept.length,
      events_left_out: instants.left,
      events_unreadable: records.unreadable,
    },
    traceEvents: [...tracks.names, ...traceEvents],
  };
}

function instantsOf(events: Iterable<EventRecord>): { readonly instants: Instant[]; readonly unreadable: number } {
  const instants: Instant[] = [];
  let unreadable = 0;
  for (const event of events) {
    const instant = instantOfRecord(event);
    if (instant === undefined) unreadable += 1;
    else instants.push(instant);
  }
  return { instants, unreadable };
}

function keepEarliest<S extends TraceSpan>(
  records: readonly Instant[],
  { slices }: Gathered<S>,
  maxEvents: number,
): { readonly kept: readonly PlacedInstant[]; readonly left: number } {
  const all: PlacedInstant[] = records.map((instant) => ({ ...instant, process: undefined }));
  for (const slice of slices) {
    for (const instant of instantsOfSlice(slice)) all.push({ ...instant, process: slice.node.process });
  }
  all.sort((a, b) => a.timeUs - b.timeUs);
  return { kept: all.slice(0, maxEvents), left: Math.max(0, all.length - maxEvents) };
}

function sliceEvents<S extends TraceSpan>(
  { slices, forests }: Gathered<S>,
  { trackOf }: ThreadPlan,
  { onPath }: PathTracks,
  hasAttributes: boolean,
): ChromeTraceEvent[] {
  const flows = flowEnds(slices, forests, trackOf);
  const events: ChromeTraceEvent[] = [];
  for (const slice of slices) {
    events.push(sliceEvent(slice, trackOf, onPath, hasAttributes));
    for (const end of flows.get(slice) ?? []) events.push(end);
  }
  return events;
}

function sliceEvent(
  slice: Slice,
  trackOf: ThreadPlan['trackOf'],
  onPath: PathTracks['onPath'],
  hasAttributes: boolean,
): ChromeTraceEvent {
  const { facts, span } = slice.node;
  const isOnPath = onPath.has(span);
  const colour = facts.isError ? ERROR_COLOUR : isOnPath ? PATH_COLOUR : undefined;
  const ids = { trace_id: facts.traceId, span_id: facts.spanId, ...(facts.isError ? { error: true } : {}) };
  return {
    ph: 'X',
    name: printable(labelOf(facts)),
    cat: isOnPath ? 'span,critical path' : 'span',
    ts: slice.from,
    dur: slice.to - slice.from,
    ...trackOf(slice),
    ...(colour === undefined ? {} : { cname: colour }),
    ...(hasAttributes ? { args: argsOf(ids, facts.attributes) } : {}),
  };
}

function instantEvents(
  instants: readonly PlacedInstant[],
  zeroUs: number,
  { trackOfInstant }: ThreadPlan,
): ChromeTraceEvent[] {
  return instants.map((instant) => ({
    ph: 'i',
    name: instant.name,
    cat: instant.category,
    ts: Math.max(0, instant.timeUs - zeroUs),
    s: 't',
    ...trackOfInstant(instant),
    args: instant.args,
  }));
}
