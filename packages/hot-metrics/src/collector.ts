import type { ExtremeWindow } from './extreme-window.ts';
import { UPDATES, WINDOW } from './layout.ts';
import { identityOf, MergedInstrument, type MergedSeries, type Place } from './merged-instrument.ts';
import type { InstrumentDefinition } from './options.ts';
import { type Reports, reasonOf } from './reports.ts';
import { RemoteSource, type SeriesSource, type SourceSeries } from './series-source.ts';
import { addThread, clearRow, foldExtremes, type SourceRow, type ThreadRows } from './thread-rows.ts';
import type { HotBlockDescriptor } from './types.ts';

/** How many ended threads are remembered, so that their descriptors may still be on their way. */
const MOST_ENDED_THREADS = 4096;

interface Thread {
  readonly source: SeriesSource;
  readonly rows: ThreadRows;
}

/**
 * Adds the rows of all threads up. A snapshot is one Float64Array in which each merged series has a fixed slot, so that
 * what a reader reports as delta is the difference of two snapshots, and nothing is ever reset.
 *
 * Extremes cannot be subtracted; they live in windows. A record that finds another window number in its block's header
 * than the one it left in its row begins its extremes anew; the collector folds the extremes of the closing window into
 * the totals and into each delta reader's own account, then opens the next. With one thread that is exact; of another
 * thread's records, one that overlaps the closing may be missing from the extremes (never from counts and sums).
 */
export class Collector {
  readonly instruments: MergedInstrument[] = [];
  readonly windows: Set<ExtremeWindow> = new Set();
  readonly #byIdentity = new Map<string, MergedInstrument>();
  readonly #byDefinition = new WeakMap<InstrumentDefinition, MergedInstrument>();
  readonly #threads = new Map<number, Thread>();
  readonly #ended = new Map<number, 'folded' | 'unseen'>();
  readonly #own: SeriesSource;
  readonly #reports: Reports;
  /** What threads that are gone have left, and the extremes of all closed windows. */
  #retired = new Float64Array(256);
  #retiredThreads = 0;
  #length = 0;
  #ordinals = 0;

  constructor(own: SeriesSource, reports: Reports) {
    this.#own = own;
    this.#reports = reports;
    this.#add(own);
  }

  /** Threads but the own one. */
  get threads(): number {
    return this.#threads.size - 1;
  }

  get retiredThreads(): number {
    return this.#retiredThreads;
  }

  get seriesCount(): number {
    return this.instruments.reduce((sum, { series }) => sum + series.length, 0);
  }

  /** The first block of each other thread, which is where it can be asked for fresh samples. */
  *remoteFirstBlocks(): Iterable<SharedArrayBuffer> {
    for (const { source } of this.#threads.values()) {
      const first = source === this.#own ? undefined : source.blocks()[0];
      if (first !== undefined) yield first;
    }
  }

  /** Takes another thread in, or its new blocks. A descriptor that arrives after its thread has ended is folded at once. */
  attach(descriptor: HotBlockDescriptor): void {
    const { threadId } = descriptor;
    const known = this.#threads.get(threadId)?.source;
    if (known instanceof RemoteSource) known.update(descriptor);
    else if (this.#ended.get(threadId) !== 'folded') this.#add(new RemoteSource(descriptor));
    if (this.#ended.has(threadId)) this.detach(threadId);
  }

  /** A thread has ended: what it has recorded is kept, its memory is let go. */
  detach(threadId: number): void {
    const thread = this.#threads.get(threadId);
    if (thread !== undefined) this.#fold(thread);
    this.#remember(threadId, thread === undefined && !this.#ended.has(threadId) ? 'unseen' : 'folded');
  }

  /** Everything recorded so far, by all threads, at the slots of the series. Synchronous; about 1 ns a cell. */
  snapshot(): Float64Array {
    for (const thread of this.#threads.values()) this.#sync(thread);
    for (const { rows } of this.#threads.values()) foldExtremes(this.#retired, rows, this.windows);
    const cells = this.#retired.slice(0, this.#length);
    for (const { rows } of this.#threads.values()) addThread(cells, rows);
    for (const { source } of this.#threads.values()) openNextWindow(source);
    return cells;
  }

  /** The rows of live threads that feed a series; for exemplars. */
  *rowsOf(instrument: MergedInstrument): Iterable<SourceRow> {
    for (const { rows } of this.#threads.values())
      for (const row of rows.histograms) if (row.instrument === instrument) yield row;
  }

  #add(source: SeriesSource): void {
    this.#threads.set(source.threadId, { source, rows: { counters: [], gauges: [], histograms: [] } });
  }

  #fold(thread: Thread): void {
    this.#sync(thread);
    const { rows, source } = thread;
    foldExtremes(this.#retired, rows, this.windows);
    addThread(this.#retired, { ...rows, gauges: [] });
    for (const row of rows.gauges) this.#retireGauge(row);
    this.#threads.delete(source.threadId);
    this.#retiredThreads++;
  }

  /** Thread ids are never used twice in a process, so the oldest ones can be forgotten. */
  #remember(threadId: number, state: 'folded' | 'unseen'): void {
    this.#ended.set(threadId, state);
    if (this.#ended.size > MOST_ENDED_THREADS) this.#ended.delete(this.#ended.keys().next().value as number);
  }

  #sync(thread: Thread): void {
    try {
      for (const series of thread.source.next()) this.#addRow(thread.rows, series);
    } catch (error) {
      const { threadId } = thread.source;
      this.#reports.warnOnce(
        `thread ${threadId}`,
        `hot-metrics: the series of thread ${threadId} cannot be read: ${reasonOf(error)}: new ones are left out`,
      );
    }
  }

  #addRow(rows: ThreadRows, { definition, key, cells, base }: SourceSeries): void {
    const instrument = this.#instrumentOf(definition);
    if (base + instrument.size > cells.length) throw new RangeError('a row lies outside of its block');
    const series = instrument.find(key);
    if (series.key !== key) this.#overflowed(definition);
    series.sources++;
    const row = { instrument, series, cells, base };
    if (definition.kind === 'histogram') rows.histograms.push(row);
    else if (definition.kind === 'gauge') rows.gauges.push(row);
    else rows.counters.push(row);
  }

  /** Each thread kept to the limit, but all of them together did not. */
  #overflowed({ kind, scope, name, cardinalityLimit }: InstrumentDefinition): void {
    this.#reports.overflowed++;
    this.#reports.warnOnce(
      `merged limit ${scope} ${name}`,
      `${kind} ${name}: all threads together have ${cardinalityLimit} attribute sets (cardinalityLimit): further ones are added to otel.metric.overflow=true`,
    );
  }

  #instrumentOf(definition: InstrumentDefinition): MergedInstrument {
    const known = this.#byDefinition.get(definition);
    if (known !== undefined) return known;
    const identity = identityOf(definition);
    let instrument = this.#byIdentity.get(identity);
    if (instrument === undefined) {
      instrument = new MergedInstrument(definition, (owner) => this.#allocate(owner));
      this.#byIdentity.set(identity, instrument);
      this.instruments.push(instrument);
    }
    this.#byDefinition.set(definition, instrument);
    return instrument;
  }

  #allocate(instrument: MergedInstrument): Place {
    const slot = this.#length;
    this.#length += instrument.size;
    if (this.#length > this.#retired.length) {
      const grown = new Float64Array(2 * this.#length);
      grown.set(this.#retired);
      this.#retired = grown;
    }
    clearRow(this.#retired, slot, instrument);
    return { slot, ordinal: instrument.buckets > 0 ? this.#ordinals++ : -1 };
  }

  /** The number of updates is kept, so that a later series in the same slot is never taken for unchanged. */
  #retireGauge({ cells, base, series, instrument }: SourceRow): void {
    (this.#retired[series.slot + UPDATES] as number) += cells[base + UPDATES] as number;
    series.sources--;
    if (series.sources === 0) instrument.remove(series as MergedSeries);
  }
}

function openNextWindow(source: SeriesSource): void {
  for (const block of source.blocks()) {
    const header = new Float64Array(block, 0, WINDOW + 1);
    (header[WINDOW] as number) += 1;
  }
}
