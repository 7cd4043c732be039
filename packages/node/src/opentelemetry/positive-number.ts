import { diag } from '@opentelemetry/api';
import { getNumberFromEnv } from '@opentelemetry/core';

/** A number above 0 from the environment, or undefined; what is not one is told through `diag`, as NodeSDK does. */
export function positiveNumber(name: string): number | undefined {
  const value = getNumberFromEnv(name);
  if (value === undefined || value > 0) return value;
  diag.warn(`${name} must be a number above 0, got ${value}; the default holds`);
  return undefined;
}
