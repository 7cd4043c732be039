// Runs in a thread of the pool: asks a child process of the thread's own.
const { fork } = require('node:child_process');
const { join } = require('node:path');

const child = fork(join(__dirname, 'child.cjs'));
const waiting = new Map();
let last = 0;
child.on('message', ({ id, text }) => {
  waiting.get(id)(text);
  waiting.delete(id);
});

module.exports = function job({ number, socketPath }) {
  last += 1;
  const id = last;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    child.send({ id, number, socketPath });
  });
};
