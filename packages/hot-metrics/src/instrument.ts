import { canonicalKey, decode, OVERFLOW_KEY } from './attribute-set.ts';
import type { Region } from './block-arena.ts';
import type { Clock } from './clock.ts';
import type { FallbackRoute } from './fallback.ts';
import type { HandleOwner, RoutedHandle } from './handles.ts';
import { BLOCK_HEADER } from './layout.ts';
import { type InstrumentDefinition, show } from './options.ts';
import { type Reports, reasonOf } from './reports.ts';
import type { ThreadMemory } from './thread-memory.ts';
import type { HotAttributes, HotInstrument, InstrumentKind } from './types.ts';

/** What can be recorded. */
const RULES: Readonly<Record<InstrumentKind, string>> = {
  counter: 'a finite number of 0 or more',
  updowncounter: 'a finite number',
  gauge: 'a number but not NaN',
  histogram: 'a finite number of 0 or more',
};

/** What every instrument of a thread shares. */
export interface Surroundings {
  readonly memory: ThreadMemory;
  readonly route: FallbackRoute;
  readonly reports: Reports;
  readonly clock: Clock;
  /** Whether gauges of several threads may have to be told apart by time. */
  hasSeveralThreads: boolean;
}

/** How the series of an instrument are made. */
export interface SeriesShape<Handle> {
  /** Cells of a row. */
  readonly size: number;
  readonly create: (region: Region, attributes: HotAttributes, owner: HandleOwner) => Handle;
}

/** An instrument of one thread: its series by attribute set, bounded in number. */
export class Instrument<Handle extends RoutedHandle> implements HotInstrument<Handle>, HandleOwner {
  readonly definition: InstrumentDefinition;
  readonly #shape: SeriesShape<Handle>;
  readonly #surroundings: Surroundings;
  readonly #series = new Map<string, Handle>();
  #overflow: Handle | undefined;

  constructor(definition: InstrumentDefinition, shape: SeriesShape<Handle>, surroundings: Surroundings) {
    this.definition = definition;
    this.#shape = shape;
    this.#surroundings = surroundings;
  }

  /** Tells instruments of the same name in different scopes apart. */
  get #label(): string {
    return `${this.definition.scope} ${this.definition.name}`;
  }

  get name(): string {
    return this.definition.name;
  }

  get unit(): string {
    return this.definition.unit;
  }

  get description(): string {
    return this.definition.description;
  }

  get kind(): InstrumentKind {
    return this.definition.kind;
  }

  bind(attributes?: HotAttributes): Handle {
    const key = canonicalKey(attributes);
    if (key === undefined) return this.#overflowing('too-large', 'an attribute set was too large or could not be read');
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    // One place is kept for the overflow series itself.
    if (key === OVERFLOW_KEY) return this.#overflowHandle();
    if (this.#series.size >= this.definition.cardinalityLimit - 1)
      return this.#overflowing('limit', `it has ${this.definition.cardinalityLimit} attribute sets (cardinalityLimit)`);
    const handle = this.#create(key);
    if (handle === undefined) return this.#overflowing('memory', 'no memory is left for another series');
    this.#series.set(key, handle);
    return handle;
  }

  reject(value: unknown): void {
    const { reports } = this.#surroundings;
    reports.rejected++;
    const { kind, name } = this.definition;
    reports.warnOnce(
      `reject ${this.#label}`,
      `${kind} ${name}: a value must be ${RULES[kind]}, got ${show(value)}: ignored, as all such are`,
    );
  }

  fallbackFailed(error: unknown): void {
    this.#surroundings.reports.warnOnce(
      `fallback ${this.#label}`,
      `${this.kind} ${this.name}: recording failed: ${reasonOf(error)}`,
    );
  }

  gaugeTime(): number {
    return this.#surroundings.hasSeveralThreads ? this.#surroundings.clock.now() : 0;
  }

  #overflowing(cause: string, sentence: string): Handle {
    const { reports } = this.#surroundings;
    reports.overflowed++;
    reports.warnOnce(
      `${cause} ${this.#label}`,
      `${this.kind} ${this.name}: ${sentence}: recorded with otel.metric.overflow=true, as all further ones are`,
    );
    return this.#overflowHandle();
  }

  #overflowHandle(): Handle {
    this.#overflow ??= this.#create(OVERFLOW_KEY) ?? this.#createUnseen();
    return this.#overflow;
  }

  #create(key: string): Handle | undefined {
    const { memory, route } = this.#surroundings;
    const region = memory.allocate(this.#shape.size, key);
    if (region === undefined) return undefined;
    const handle = this.#shape.create(region, decode(key), this);
    const series = { definition: this.definition, key, block: region.block, handle };
    route.route(series);
    return memory.add(series) ? handle : undefined;
  }

  /** Where even the overflow series has no place, values are taken and lost rather than thrown at the caller. */
  #createUnseen(): Handle {
    const cells = new Float64Array(BLOCK_HEADER + this.#shape.size);
    return this.#shape.create({ cells, base: BLOCK_HEADER, block: -1 }, decode(OVERFLOW_KEY), this);
  }
}
