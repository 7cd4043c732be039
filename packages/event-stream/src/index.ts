export type * from './types.ts';
export { CATEGORIES, Severity } from './types.ts';
export { shared } from './runtime.ts';
