import { propagation } from '@opentelemetry/api';

/** Where the API keeps what was registered. */
const GLOBAL_API = Symbol.for('opentelemetry.js.api.1');
/** What an envelope carries by itself. */
const CARRIED = new Set(['traceparent', 'tracestate', 'baggage']);

let asked: unknown;
let isOther = false;

/** Whether the global propagator writes something that is neither W3C Trace Context nor W3C Baggage. */
export function hasOtherPropagators(): boolean {
  const registered = (globalThis as { [GLOBAL_API]?: { readonly propagation?: unknown } })[GLOBAL_API]?.propagation;
  if (registered !== asked) {
    asked = registered;
    isOther = propagation.fields().some((field) => !CARRIED.has(field.toLowerCase()));
  }
  return isOther;
}
