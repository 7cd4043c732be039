import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

const now = performance.now.bind(performance);

/** A context that knows what a message has brought, and nothing else. */
export class Carried implements Context {
  readonly ids: unknown;
  readonly sentMs: number;
  readonly takenUpMs: number = now();

  constructor(ids: unknown, sentMs: number) {
    this.ids = ids;
    this.sentMs = sentMs;
  }

  getValue(): unknown {
    return undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    return ROOT_CONTEXT.setValue(key, value);
  }

  deleteValue(): Context {
    return this;
  }
}
