export { DEFAULTS } from './config.ts';
export { IpcInstrumentation } from './instrumentation.ts';
export { TELEMETRY } from './semantic-names.ts';
export { instrumentBroadcastChannel, instrumentPort } from './threads/opt-in.ts';
export type { IpcInstrumentationConfig } from './types.ts';
