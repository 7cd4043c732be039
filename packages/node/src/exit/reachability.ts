import { connect } from 'node:net';
import type { Endpoint } from '../opentelemetry/environment.ts';

/** Whether something accepts a connection at the endpoint within the time. Keeps the process alive meanwhile. */
function accepts({ host, port }: Endpoint, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (isAccepted: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isAccepted);
    };
    // The loop may have been busy for all of that time, with loading the exporters: what has happened meanwhile is
    // heard in its next turn.
    const timer = setTimeout(() => setImmediate(() => setImmediate(finish, false)), timeoutMs);
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

/** Whether one of the endpoints can be reached. Different signals mostly have the same one: it is asked once. */
export async function isAnyReachable(endpoints: readonly Endpoint[], timeoutMs: number): Promise<boolean> {
  const distinct = [...new Map(endpoints.map((endpoint) => [`${endpoint.host}:${endpoint.port}`, endpoint])).values()];
  const answers = await Promise.all(distinct.map((endpoint) => accepts(endpoint, timeoutMs)));
  return answers.includes(true);
}
