import { isMainThread, threadId } from 'node:worker_threads';
import { diag } from '@opentelemetry/api';
import { getStringListFromEnv } from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  type Resource,
  type ResourceDetectionConfig,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';

/** A command line can hold passwords: its arguments are told only to who names the `process` detector. */
const SECRETIVE = ['process.command_args', 'process.command', 'process.command_line'];

const discreetProcessDetector: ResourceDetector = {
  detect(config?: ResourceDetectionConfig) {
    const detected = processDetector.detect(config);
    const attributes = Object.entries(detected.attributes ?? {}).filter(([name]) => !SECRETIVE.includes(name));
    return { ...detected, attributes: Object.fromEntries(attributes) };
  },
};

/** Which worker thread this is: each has an SDK of its own, and their spans would look like the main thread's. */
const threadDetector: ResourceDetector = {
  detect: () => (isMainThread ? {} : { attributes: { 'thread.id': threadId } }),
};

const DETECTORS: ReadonlyMap<string, ResourceDetector> = new Map([
  ['host', hostDetector],
  ['os', osDetector],
  ['serviceinstance', serviceInstanceIdDetector],
  ['process', processDetector],
  ['env', envDetector],
]);

// The order in which NodeSDK 3.x asks them: of two that set an attribute, the later one wins.
const DEFAULT_DETECTORS: readonly ResourceDetector[] = [
  serviceInstanceIdDetector,
  discreetProcessDetector,
  threadDetector,
  hostDetector,
  osDetector,
  envDetector,
];

function detectors(): readonly ResourceDetector[] {
  const names = getStringListFromEnv('OTEL_NODE_RESOURCE_DETECTORS');
  if (names === undefined || names.length === 0) return DEFAULT_DETECTORS;
  if (names.includes('all')) return [...DETECTORS.values()];
  if (names.includes('none')) return [];
  return names.flatMap((name) => {
    const detector = DETECTORS.get(name);
    if (detector === undefined) diag.warn(`OTEL_NODE_RESOURCE_DETECTORS: there is no detector "${name}"`);
    return detector ?? [];
  });
}

/** What this process is, as NodeSDK would detect it, save the arguments of the command line; and which worker thread. */
export function detectResource(): Resource {
  return defaultResource().merge(detectResources({ detectors: [...detectors()] }));
}
