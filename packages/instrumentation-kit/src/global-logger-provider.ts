// Where the API packages keep what an SDK registered. They find it there across their own copies and versions, so the
// places are as stable as the major version in them. BAD: `import { logs } from '@opentelemetry/api'`: 1.9 has no such
// export, which is a link error. BAD: `import '@opentelemetry/api-logs'`: SDK 3.x does not bring it. And both return a
// stand-in while nothing is registered, which cannot be told from a real provider: events would vanish in it.
const API = Symbol.for('opentelemetry.js.api.1');
const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
/** The version that `@opentelemetry/api-logs` wants to be asked for; with another it hands out a no-op. */
const API_LOGS_VERSION = 1;

/** What is needed of a `LoggerProvider`: those of SDK 3.x and of SDK 2.12 both fit. */
export interface RegisteredLoggerProvider {
  getLogger(
    name: string,
    version?: string,
  ): { emit(record: object): void; enabled?(options?: { readonly severityNumber?: number }): boolean };
}

interface Globals {
  readonly [API]?: { readonly logs?: unknown };
  readonly [API_LOGS]?: unknown;
}

function isProvider(candidate: unknown): candidate is RegisteredLoggerProvider {
  return typeof (candidate as RegisteredLoggerProvider | undefined)?.getLogger === 'function';
}

/**
 * The logger provider registered in this thread, by `@opentelemetry/api` 1.10 (SDK 3.x) or by
 * `@opentelemetry/api-logs` (SDK 2.12); undefined while there is none.
 */
export function globalLoggerProvider(): RegisteredLoggerProvider | undefined {
  const globals = globalThis as Globals;
  const provider = globals[API]?.logs;
  if (isProvider(provider)) return provider;
  const getProvider = globals[API_LOGS];
  const older: unknown = typeof getProvider === 'function' ? getProvider(API_LOGS_VERSION) : undefined;
  return isProvider(older) ? older : undefined;
}
