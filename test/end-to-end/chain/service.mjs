// A service that asks the next one, and fails when that fails. The last one fails by the number of the request. Knows
// nothing of telemetry. Environment: NEXT, the address of the next service; EVERY, one in so many requests fails.
import { createServer } from 'node:http';

const { NEXT: next, EVERY: every } = process.env;

async function work(number) {
  if (next === undefined) return number % Number(every) === 0 ? 500 : 200;
  const answer = await fetch(`${next}/work/${number}`);
  await answer.arrayBuffer();
  return answer.status === 200 ? 200 : 502;
}

const server = createServer((request, response) => {
  const number = Number(request.url.split('/').at(-1));
  work(number).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(503).end(),
  );
});
// The load side leaves connections idle for long: one that is closed just when it is taken up again would fail a request.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => server.close());
