import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { fanOut } from './fan-out.ts';
import { loadPackage } from './load-module.ts';
import type { ResolvedOptions } from './types.ts';

type Causality = typeof import('@sonde/causality');
type Next = ConstructorParameters<Causality['CausalitySpanProcessor']>[0]['next'];

/** Puts the stage that says what requests waited for in front of what exports them, where the options ask for it. */
export function behindBlame({ blame }: ResolvedOptions, exporting: readonly SpanProcessor[]): readonly SpanProcessor[] {
  if (!blame || exporting.length === 0) return exporting;
  const { CausalitySpanProcessor } = loadPackage<Causality>('@sonde/causality');
  const next = fanOut(exporting) as unknown as Next;
  return [new CausalitySpanProcessor({ next }) as unknown as SpanProcessor];
}
