import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers `/sampling` as the test says. */
export class JaegerServer {
  readonly asked: string[] = [];
  answer: (response: ServerResponse) => void = (response) => response.end('{}');
  readonly #server: Server = createServer((request, response) => {
    this.asked.push(request.url ?? '');
    this.answer(response);
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => this.#server.once('listening', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/sampling`;
  }

  strategy(strategy: unknown): void {
    this.answer = (response) => response.end(JSON.stringify(strategy));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
