// Runs in a thread of the pool: asks a child process of the thread's own.
import { fork } from 'node:child_process';

const child = fork(new URL('./child.mjs', import.meta.url));
const waiting = new Map();
let last = 0;
child.on('message', ({ id, text }) => {
  waiting.get(id)(text);
  waiting.delete(id);
});

export default function job({ number, socketPath }) {
  last += 1;
  const id = last;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    child.send({ id, number, socketPath });
  });
}
