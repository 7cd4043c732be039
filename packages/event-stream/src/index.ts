export type * from './types.ts';
export { CATEGORIES, Severity } from './types.ts';
