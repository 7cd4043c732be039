import { type Endpoint, otlpEndpoint, type Signal } from './environment.ts';
import { LazyExporter, loadExporter } from './lazy-exporter.ts';

/** The exporters that send over a network, and where to: what an orderly exit has to wait for. */
export class Deliveries {
  readonly #exporters: LazyExporter<unknown>[] = [];
  readonly #endpoints: Endpoint[] = [];
  #areEndpointsKnown = true;

  /** An exporter of a package, loaded at its first export. */
  exporter<Items>(packageName: string, className: string): LazyExporter<Items> {
    this.#areEndpointsKnown = false;
    return this.#add(packageName, className);
  }

  /** An OTLP exporter of a package, loaded at its first export. */
  otlp<Items>(signal: Signal, packageName: string, className: string): LazyExporter<Items> {
    const endpoint = otlpEndpoint(signal);
    if (endpoint === undefined) this.#areEndpointsKnown = false;
    else this.#endpoints.push(endpoint);
    return this.#add(packageName, className);
  }

  /** Where the exporters connect to; undefined when that cannot be told of all of them. */
  get endpoints(): readonly Endpoint[] | undefined {
    return this.#areEndpointsKnown ? this.#endpoints : undefined;
  }

  /** Whether anything is sent over a network. */
  get isEmpty(): boolean {
    return this.#exporters.length === 0;
  }

  /** Waits for what has been handed to the exporters. */
  async flush(): Promise<void> {
    await Promise.allSettled(this.#exporters.map((exporter) => exporter.forceFlush()));
  }

  #add<Items>(packageName: string, className: string): LazyExporter<Items> {
    const exporter = new LazyExporter<Items>(() => loadExporter(packageName, className));
    this.#exporters.push(exporter as LazyExporter<unknown>);
    return exporter;
  }
}
