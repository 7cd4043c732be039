// The child process: asks the service on the unix socket.
const { get } = require('node:http');

process.on('message', ({ id, number, socketPath }) => {
  get({ socketPath, path: `/stock/${number}` }, async (response) => {
    process.send({ id, text: (await response.setEncoding('utf8').toArray()).join('') });
  });
});
