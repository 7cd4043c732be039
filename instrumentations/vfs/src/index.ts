export { DEFAULTS } from './config.ts';
export { VfsInstrumentation } from './instrumentation.ts';
export { TELEMETRY } from './semantic-names.ts';
export type { ApiStyle, VfsConfig } from './types.ts';
