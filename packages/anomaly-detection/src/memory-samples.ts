import type { MetricRecord, ScopeRecord } from './series/metric-data.ts';

const SCOPE = { name: '@sonde/anomaly-detection' };
const NO_ATTRIBUTES = {};
const GAUGE = 2;

/** What is read of `process.memoryUsage()`. */
export interface MemoryUsage {
  readonly heapUsed: number;
  readonly rss: number;
}

const HEAP = { name: 'v8js.memory.heap.used', unit: 'By' };
const RESIDENT = { name: 'process.memory.usage', unit: 'By' };

function record(descriptor: MetricRecord['descriptor'], value: number): MetricRecord {
  const dataPoints = [{ attributes: NO_ATTRIBUTES, value }];
  return { descriptor, aggregationTemporality: 1, dataPointType: GAUGE, dataPoints };
}

/** Memory use as the metrics that tell it in semantic conventions, without those that somebody else tells. */
export function memoryMetrics({ heapUsed, rss }: MemoryUsage, isTold: (name: string) => boolean): ScopeRecord[] {
  const metrics = [record(HEAP, heapUsed), record(RESIDENT, rss)].filter(({ descriptor }) => !isTold(descriptor.name));
  return [{ scope: SCOPE, metrics }];
}
