/** Imported by each worker before its own code: what a preload does there. */
import { NodeSDK } from '@opentelemetry/sdk-node';
import { IpcInstrumentation } from '@sonde/instrumentation-ipc';

new NodeSDK({ instrumentations: [new IpcInstrumentation()], spanProcessors: [] }).start();
