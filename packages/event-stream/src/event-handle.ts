import type { Admission, AdmissionTable } from './admission.ts';
import { checkSeverity } from './definitions.ts';
import type { DictionaryWriter } from './dictionary.ts';
import { CATEGORIES, type EventDefinition, type EventHandle, Severity, type TextEvent } from './event-types.ts';
import {
  CONTEXT,
  DETAIL,
  KIND,
  LABEL_0,
  LABEL_1,
  NUMBERS_PER_RECORD,
  packKind,
  TEXT_HIGH,
  TEXT_LOW,
  VALUE,
  WORDS_PER_RECORD,
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
  readonly label0: number;
  readonly label1: number;
}

const TWO_TO_32 = 2 ** 32;

export class RingEventHandle implements EventHandle {
  readonly definition: EventDefinition;
  readonly #shared: HandleContext;
  readonly #binding: HandleBinding;
  readonly #writer: RingWriter;
  readonly #admission: Admission;
  readonly #kind: number;
  readonly #label0: number;
  readonly #label1: number;
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
    this.#label0 = binding.label0;
    this.#label1 = binding.label1;
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
      if (slot !== REFUSED) {
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
      if (slot !== REFUSED) {
        this.#fill(slot, value, detail, context);
        const { position, length } = writer.texts.write(text);
        writer.words[slot * WORDS_PER_RECORD + TEXT_LOW] = position | 0;
        writer.words[slot * WORDS_PER_RECORD + TEXT_HIGH] = ((position / TWO_TO_32) << 16) | length;
        writer.commit(this.#isUrgent);
      }
    } catch {
      this.#writer.countDropped();
    }
  }

  bind(labels: { readonly [key: string]: string }, severity: number = this.#binding.severity): EventHandle {
    checkSeverity(this.definition.name, severity);
    const keys = this.definition.labels?.map((label) => label.key) ?? [];
    const ids = [this.#binding.label0, this.#binding.label1];
    for (const [key, value] of Object.entries(labels)) {
      const position = keys.indexOf(key);
      if (position < 0) {
        throw new TypeError(
          `event stream: labels of ${this.definition.name} must be among [${keys.join(', ')}], got ${JSON.stringify(key)}`,
        );
      }
      ids[position] = this.#shared.dictionary.name(typeof value === 'string' ? value : String(value));
    }
    const [label0 = 0, label1 = 0] = ids;
    return new RingEventHandle(this.#shared, { ...this.#binding, severity, label0, label1 });
  }

  #fill(slot: number, value: number, detail: number, context: number): void {
    const { numbers, words } = this.#writer;
    const number = slot * NUMBERS_PER_RECORD;
    const word = slot * WORDS_PER_RECORD;
    numbers[number + VALUE] = value;
    numbers[number + DETAIL] = detail;
    numbers[number + CONTEXT] = context;
    words[word + KIND] = this.#kind;
    words[word + LABEL_0] = this.#label0;
    words[word + LABEL_1] = this.#label1;
    words[word + TEXT_LOW] = 0;
    words[word + TEXT_HIGH] = 0;
  }
}
