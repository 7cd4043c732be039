import { propagation } from '@opentelemetry/api';

/** Where the API keeps what was registered. */
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');
/** What an envelope carries by itself. */
const CARRIED = new Set(['traceparent', 'tracestate', 'baggage']);

interface Registered {
  readonly propagation?: unknown;
}

/** The API never replaces the object itself. */
let registered: Registered | undefined;
let asked: unknown;
let isOther = false;

/** Whether the global propagator writes something that is neither W3C Trace Context nor W3C Baggage. */
export function hasOtherPropagators(): boolean {
  registered ??= (globalThis as { [GLOBAL_API]?: Registered })[GLOBAL_API];
  if (registered?.propagation !== asked) {
    asked = registered?.propagation;
    isOther = propagation.fields().some((field) => !CARRIED.has(field.toLowerCase()));
  }
  return isOther;
}
