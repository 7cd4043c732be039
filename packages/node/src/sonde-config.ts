import type { NodeSDK } from '@opentelemetry/sdk-node';
import { loadSibling } from './load-module.ts';
import type { SondeOptions } from './types.ts';

/** What the constructor of NodeSDK takes. */
export type NodeSdkConfiguration = NonNullable<ConstructorParameters<typeof NodeSDK>[0]>;

/** Options of {@link sondeConfig}. */
export interface SondeConfigOptions extends SondeOptions {
  /** Your own NodeSDK fields. They are kept as they are, in their order; Sonde's are added. */
  sdk?: NodeSdkConfiguration;
}

type Implementation = typeof import('./node-sdk-configuration.ts');

/**
 * A configuration for `new NodeSDK(...)`: your own fields with Sonde's instrumentations, span processors and metric
 * readers added. Call it once, and start the SDK before the application loads what is to be instrumented.
 *
 * Exporters are those that the OTEL_* variables name; unlike a bare NodeSDK it sends nothing to localhost:4318 unasked.
 * Bad options are told once and left out; it never throws for them. With OTEL_SDK_DISABLED=true it returns your fields
 * alone.
 */
export function sondeConfig(options: SondeConfigOptions = {}): NodeSdkConfiguration {
  if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return options?.sdk ?? {};
  // Loaded here, so that code that imports only the handle does not load an SDK.
  return loadSibling<Implementation>('node-sdk-configuration').createNodeSdkConfiguration(options);
}
