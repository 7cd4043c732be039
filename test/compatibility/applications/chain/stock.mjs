// The service on the unix socket.
import { createServer } from 'node:http';

const server = createServer((request, response) => response.end(`stock of ${request.url}`));
server.listen(process.argv[2], () => process.send('listening'));
process.on('disconnect', () => server.close());
