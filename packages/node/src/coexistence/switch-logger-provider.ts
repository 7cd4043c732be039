/** What is needed of a logger: those of `@opentelemetry/api` 1.10 and of `@opentelemetry/api-logs` both fit. */
export interface LoggerLike {
  emit(record: unknown): void;
  enabled?(options?: unknown): boolean;
}

/** What is needed of a logger provider, for the same reason. */
export interface LoggerProviderLike {
  getLogger(name: string, version?: string, options?: unknown): LoggerLike;
}

/** A logger that follows its provider. */
class SwitchLogger implements LoggerLike {
  readonly #provider: SwitchLoggerProvider;
  readonly #scope: Parameters<LoggerProviderLike['getLogger']>;
  #followed: LoggerProviderLike | undefined;
  #logger: LoggerLike | undefined;

  constructor(provider: SwitchLoggerProvider, scope: Parameters<LoggerProviderLike['getLogger']>) {
    this.#provider = provider;
    this.#scope = scope;
  }

  emit(record: unknown): void {
    this.#current()?.emit(record);
  }

  enabled(options?: unknown): boolean {
    const logger = this.#current();
    return logger !== undefined && (logger.enabled?.(options) ?? true);
  }

  #current(): LoggerLike | undefined {
    const { target } = this.#provider;
    if (this.#followed !== target) {
      this.#logger = target?.getLogger(...this.#scope);
      this.#followed = target;
    }
    return this.#logger;
  }
}

/** The same as `SwitchTracerProvider` for logs. Without a target, which the SDK is loaded for, records are dropped. */
export class SwitchLoggerProvider implements LoggerProviderLike {
  target: LoggerProviderLike | undefined;

  getLogger(...scope: Parameters<LoggerProviderLike['getLogger']>): LoggerLike {
    return new SwitchLogger(this, scope);
  }
}
