// Ends in the way that its argument names.
import { readFileSync } from 'node:fs';

const data = new URL('data.txt', import.meta.url);
readFileSync(data);
console.log('started');
const onPurpose = () => new Error('on purpose');
const ends = {
  return: () => {},
  exit: () => process.exit(5),
  throw: () => {
    throw onPurpose();
  },
  reject: () => void Promise.reject(onPurpose()),
  signal: () => {
    setInterval(() => {}, 1000);
    process.kill(process.pid, 'SIGTERM');
  },
};
ends[process.argv[2]]();
