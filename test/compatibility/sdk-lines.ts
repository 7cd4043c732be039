/** The OpenTelemetry release lines that Sonde promises to work with: each a set that was released together. */
import { ROOT, readManifest } from '../packaging/published.ts';

export type SdkLine = '2.12' | '3.x';

const SDK_2_12: Readonly<Record<string, string>> = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/sdk-trace': '2.12.0',
  '@opentelemetry/sdk-metrics': '2.12.0',
  '@opentelemetry/resources': '2.12.0',
  '@opentelemetry/core': '2.12.0',
  '@opentelemetry/context-async-hooks': '2.12.0',
  '@opentelemetry/sdk-node': '0.223.0',
  '@opentelemetry/sdk-logs': '0.223.0',
  '@opentelemetry/instrumentation': '0.223.0',
  '@opentelemetry/instrumentation-http': '0.223.0',
  '@opentelemetry/exporter-prometheus': '0.223.0',
  // The release that was built against instrumentation 0.223.
  '@opentelemetry/instrumentation-undici': '0.33.0',
};

/** The repository's own: what everything else is developed and tested with. */
function latest(): Record<string, string> {
  const { devDependencies } = readManifest(ROOT) as unknown as { devDependencies: Record<string, string> };
  return Object.fromEntries(
    Object.keys(SDK_2_12).map((name) => {
      const version = devDependencies[name];
      if (version === undefined) throw new Error(`${name} is no devDependency of the root package.json`);
      return [name, version];
    }),
  );
}

export const SDK_LINES: Readonly<Record<SdkLine, Readonly<Record<string, string>>>> = {
  '2.12': SDK_2_12,
  '3.x': latest(),
};
