export { TELEMETRY } from './semantic-names.ts';
