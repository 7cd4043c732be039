// Ends in the way that its argument names.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const data = join(__dirname, 'data.txt');
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
