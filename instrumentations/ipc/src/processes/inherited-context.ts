import { type Context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { readCarrier } from '@sonde/instrumentation-kit';
import { type Inherited, readVariables } from './environment.ts';

/**
 * The context that this process was started in. It is read when somebody asks for it and a propagator is there to read
 * it: the SDK registers one after it has enabled its instrumentations.
 */
export class InheritedContext implements Context {
  readonly #inherited: Inherited;
  #context: Context | undefined;

  constructor(inherited: Inherited) {
    this.#inherited = inherited;
  }

  getValue(key: symbol): unknown {
    return this.#read().getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#read().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#read().deleteValue(key);
  }

  #read(): Context {
    if (this.#context !== undefined) return this.#context;
    if (propagation.fields().length === 0) return ROOT_CONTEXT;
    this.#context = readCarrier({ ...this.#inherited.carrier, ...readVariables(process.env) });
    return this.#context;
  }
}
