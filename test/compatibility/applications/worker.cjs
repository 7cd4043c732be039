const { readdir } = require('node:fs/promises');
const { parentPort } = require('node:worker_threads');

// Nobody else in the application calls readdir: what is counted of it came from this thread.
readdir(__dirname).then((names) => parentPort.postMessage(names.includes('worker.cjs')));
