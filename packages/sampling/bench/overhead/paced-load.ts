/** Open-loop load: a fixed number of requests a second, whether earlier ones were answered or not. */
import { Agent, get } from 'node:http';

const TICK_MS = 4;
/** Requests that may wait for an answer; beyond it they are counted as not sent. */
const MOST_WAITING = 1000;

/** Sends to several services in turns, so that each second of the machine hits them alike. */
export class PacedLoad {
  skipped = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #urls: readonly string[];
  readonly #timer: NodeJS.Timeout;
  #perSecond: number;
  #waiting = 0;
  #due = 0;
  #nextUrl = 0;
  #lastMs = performance.now();

  /** @param perSecond requests a second to each service */
  constructor(urls: readonly string[], perSecond: number) {
    this.#urls = urls;
    this.#perSecond = perSecond;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  set perSecond(perSecond: number) {
    this.#perSecond = perSecond;
  }

  #tick(): void {
    const now = performance.now();
    this.#due += ((now - this.#lastMs) / 1000) * this.#perSecond * this.#urls.length;
    this.#lastMs = now;
    for (; this.#due >= 1; this.#due -= 1) this.#send();
  }

  #send(): void {
    const url = this.#urls[this.#nextUrl] ?? '';
    this.#nextUrl = (this.#nextUrl + 1) % this.#urls.length;
    if (this.#waiting >= MOST_WAITING) {
      this.skipped += 1;
      return;
    }
    this.#waiting += 1;
    const done = (): void => {
      this.#waiting -= 1;
    };
    get(`${url}/shop/items/7`, { agent: this.#agent }, (response) => response.resume().once('close', done)).once(
      'error',
      done,
    );
  }

  close(): void {
    clearInterval(this.#timer);
    this.#agent.destroy();
  }
}
