import { Agent, request } from 'node:http';

export interface Stock {
  readonly sku: string;
  readonly left: number;
}

const TIMEOUT_MS = 5_000;
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Asks the stock service, over its unix socket. @throws Error when it does not answer, or with anything but 200 */
export async function askStock(sku: string): Promise<Stock> {
  const { status, body } = await get(`/stock/${encodeURIComponent(sku)}`);
  if (status !== 200) throw new Error(`the stock service answered ${status}`);
  return JSON.parse(body) as Stock;
}

export function closeStockConnections(): void {
  agent.destroy();
}

function get(path: string): Promise<{ status: number; body: string }> {
  const { STOCK_SOCKET: socketPath } = process.env;
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, agent, timeout: TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        body += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`the stock service was silent for ${TIMEOUT_MS} ms`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
