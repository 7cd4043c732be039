const { createReadStream, readFileSync } = require('node:fs');
const { open, readFile } = require('node:fs/promises');
const { createServer } = require('node:http');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const serve = require('./service.cjs');

serve({ createServer, open, readFile, readFileSync, createReadStream, Worker }, join(__dirname, 'worker.cjs'));
