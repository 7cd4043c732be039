/**
 * The peer: what somebody without Sonde preloads to get the same signals of an HTTP service. NodeSDK, set up by the same
 * OTEL_* variables, with instrumentation-http. The built-in http module is patched the way that works for ESM
 * applications without a loader.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';

new NodeSDK({ instrumentations: [new HttpInstrumentation()] }).start();
createRequire(import.meta.url)('node:http');
syncBuiltinESMExports();
