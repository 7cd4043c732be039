import { createRequire } from 'node:module';
import { diag, type TextMapPropagator } from '@opentelemetry/api';
import {
  CompositePropagator,
  getStringListFromEnv,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { loadPackage } from '../load-module.ts';

type Causality = typeof import('@sonde/causality');

interface B3Module {
  readonly B3Propagator: new (config?: { injectEncoding?: number }) => TextMapPropagator;
  readonly B3InjectEncoding: { readonly MULTI_HEADER: number };
}

/** Comes with sdk-node; loaded only when it is asked for. */
function b3(): B3Module {
  const require = createRequire(import.meta.url);
  return createRequire(require.resolve('@opentelemetry/sdk-node'))('@opentelemetry/propagator-b3') as B3Module;
}

const PROPAGATORS: Readonly<Record<string, () => TextMapPropagator>> = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
  b3: () => new (b3().B3Propagator)(),
  b3multi: () => new (b3().B3Propagator)({ injectEncoding: b3().B3InjectEncoding.MULTI_HEADER }),
};

function propagatorOf(name: string): TextMapPropagator[] {
  if (!Object.hasOwn(PROPAGATORS, name)) {
    diag.warn(`OTEL_PROPAGATORS: there is no propagator "${name}"`);
    return [];
  }
  try {
    return [PROPAGATORS[name]?.()].filter((made) => made !== undefined);
  } catch (error) {
    diag.warn(`OTEL_PROPAGATORS: the propagator "${name}" cannot be loaded`, error);
    return [];
  }
}

/**
 * The propagators that OTEL_PROPAGATORS names (default: W3C trace context and baggage); undefined for none. With trace
 * context, Sonde's clock travels in the tracestate.
 */
export function propagatorFromEnvironment(): TextMapPropagator | undefined {
  const names = [...new Set(getStringListFromEnv('OTEL_PROPAGATORS') ?? ['tracecontext', 'baggage'])];
  if (names.includes('none')) return undefined;
  const propagators = names.flatMap(propagatorOf);
  const propagator = propagators.length > 1 ? new CompositePropagator({ propagators }) : propagators[0];
  if (propagator === undefined || !names.includes('tracecontext')) return propagator;
  const { CausalityPropagator } = loadPackage<Causality>('@sonde/causality');
  return new CausalityPropagator({ propagator });
}
