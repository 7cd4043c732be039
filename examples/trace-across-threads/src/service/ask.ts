import { get } from 'node:http';

/** What the service on the unix socket answers. */
export function ask(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ socketPath: process.env.WAREHOUSE_SOCKET, path, agent: false }, async (response) => {
      resolve(Number((await response.toArray()).join('')));
    }).on('error', reject);
  });
}
