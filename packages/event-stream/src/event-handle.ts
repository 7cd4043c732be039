import type { Admission, AdmissionTable } from './admission.ts';
import { checkSeverity } from './definitions.ts';
import type { DictionaryWriter } from './dictionary.ts';
import { CATEGORIES, type EventDefinition, type EventHandle, Severity, type TextEvent } from './event-types.ts';
import {
  CONTEXT,
  DETAIL,
  KIND,
  LABELS,
  NUMBERS_PER_RECORD,
  packKind,
  packLabels,
  TEXT_HIGH,
  TEXT_LOW,
  VALUE,
  WORDS_PER_RECORD,
  withText,
} from './layout.ts';
import { REFUSED, type RingWriter } from './ring-writer.ts';

/** What all handles of a stream share. */
export interface HandleContext {
  readonly writer: RingWriter;
  readonly admissions: AdmissionTable;
  readonly dictionary: DictionaryWriter;
}

/** What tells one handle from another. */
export interface HandleBinding {
  readonly definition: EventDefinition;
  /** Number of the event type in this thread's ring. */
  readonly type: number;
  readonly severity: number;
  /** Name ids of the two labels. */
  readonly labels: readonly [number, number];
}

const TWO_TO_32 = 2 ** 32;

// V8 turns a module's own constants into immediates, imported ones not: these copies are worth a third of an emit.
const NUMBERS = NUMBERS_PER_RECORD;
const WORDS = WORDS_PER_RECORD;
const REFUSED_SLOT = REFUSED;
const VALUE_AT = VALUE;
const DETAIL_AT = DETAIL;
const CONTEXT_AT = CONTEXT;
const KIND_AT = KIND;
const LABELS_AT = LABELS;
const TEXT_LOW_AT = TEXT_LOW;
const TEXT_HIGH_AT = TEXT_HIGH;

export class RingEventHandle implements EventHandle {
  readonly definition: EventDefinition;
  readonly #shared: HandleContext;
  readonly #binding: HandleBinding;
  readonly #writer: RingWriter;
  readonly #admission: Admission;
  readonly #kind: number;
  readonly #labels: number;
  readonly #isUrgent: boolean;

  constructor(shared: HandleContext, binding: HandleBinding) {
    const { definition, severity } = binding;
    const category = CATEGORIES.indexOf(definition.category);
    this.definition = definition;
    this.#shared = shared;
    this.#binding = binding;
    this.#writer = shared.writer;
    this.#admission = shared.admissions.of(category, severity);
    this.#kind = packKind(binding.type, severity, category);
    this.#labels = packLabels(...binding.labels);
    this.#isUrgent = severity >= Severity.WARN;
  }

  get enabled(): boolean {
    return this.#admission.isEnabled;
  }

  emit(timeMs?: number, value: number = Number.NaN, detail: number = Number.NaN, context = 0): void {
    if (!this.#admission.open && !this.#admission.admit()) {
      return;
    }
    try {
      const slot = this.#writer.begin(timeMs);
      if (slot !== REFUSED_SLOT) {
        this.#fill(slot, value, detail, context);
        this.#writer.commit(this.#isUrgent);
      }
    } catch {
      // A value that is no number (a bigint, a symbol): the record was not committed, so it is no event.
      this.#writer.countDropped();
    }
  }

  emitText(event: TextEvent): void {
    if (!this.#admission.open && !this.#admission.admit()) {
      return;
    }
    try {
      const { text, timeMs, value = Number.NaN, detail = Number.NaN, context = 0 } = event;
      const writer = this.#writer;
      const slot = writer.begin(timeMs);
      if (slot !== REFUSED_SLOT) {
        this.#fill(slot, value, detail, context);
        const { position, length } = writer.texts.write(text);
        const word = slot * WORDS;
        writer.words[word + KIND_AT] = length > 0 ? withText(this.#kind) : this.#kind;
        writer.words[word + TEXT_LOW_AT] = position | 0;
        writer.words[word + TEXT_HIGH_AT] = ((position / TWO_TO_32) << 16) | length;
        writer.commit(this.#isUrgent);
      }
    } catch {
      this.#writer.countDropped();
    }
  }

  bind(labels: { readonly [key: string]: string }, severity: number = this.#binding.severity): EventHandle {
    checkSeverity(this.definition.name, severity);
    const keys = this.definition.labels?.map((label) => label.key) ?? [];
    const ids: [number, number] = [...this.#binding.labels];
    for (const [key, value] of Object.entries(labels)) {
      const position = keys.indexOf(key);
      if (position < 0) {
        throw new TypeError(
          `event stream: labels of ${this.definition.name} must be among [${keys.join(', ')}], got ${JSON.stringify(key)}`,
        );
      }
      ids[position] = this.#shared.dictionary.name(typeof value === 'string' ? value : String(value));
    }
    return new RingEventHandle(this.#shared, { ...this.#binding, severity, labels: ids });
  }

  #fill(slot: number, value: number, detail: number, context: number): void {
    const { numbers, words } = this.#writer;
    const number = slot * NUMBERS;
    const word = slot * WORDS;
    numbers[number + VALUE_AT] = value;
    numbers[number + DETAIL_AT] = detail;
    numbers[number + CONTEXT_AT] = context;
    words[word + KIND_AT] = this.#kind;
    words[word + LABELS_AT] = this.#labels;
  }
}
