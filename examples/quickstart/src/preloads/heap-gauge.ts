/**
 * `--import` this after Sonde: the heap of each process as a metric, in the words of OpenTelemetry's semantic conventions
 * for V8. Anything that records with the OpenTelemetry API reaches Sonde's exporters and detectors.
 */
import { getHeapSpaceStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { metrics } from '@opentelemetry/api';

if (isMainThread) {
  const used = metrics.getMeter('quickstart').createObservableUpDownCounter('v8js.memory.heap.used', {
    unit: 'By',
    description: 'Heap memory in use, live and not yet collected.',
  });
  used.addCallback((result) => {
    for (const { space_name: name, space_used_size: bytes } of getHeapSpaceStatistics())
      result.observe(bytes, { 'v8js.heap.space.name': name });
  });
}
