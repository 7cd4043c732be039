// The service on a unix socket: prices take longer than the stock.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  setTimeout(() => response.end('42'), request.url?.startsWith('/prices/') ? 40 : 20);
});
server.listen(process.env.WAREHOUSE_SOCKET, () => console.log(JSON.stringify(server.address())));
process.on('SIGTERM', () => server.close());
