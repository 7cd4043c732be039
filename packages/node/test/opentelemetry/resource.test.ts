import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { detectResource } from '../../src/opentelemetry/resource.ts';

const MODULE = join(__dirname, '..', '..', 'src', 'opentelemetry', 'resource.ts');
const WORKER = `
  const { parentPort } = require('node:worker_threads');
  import(${JSON.stringify(MODULE)}).then(({ detectResource }) => parentPort.postMessage(detectResource().attributes));
`;
const PROGRAM = `
  const { Worker } = require('node:worker_threads');
  const worker = new Worker(${JSON.stringify(WORKER)}, { eval: true });
  worker.on('message', (attributes) => console.log(JSON.stringify([worker.threadId, attributes])));
`;

const before = process.env.OTEL_NODE_RESOURCE_DETECTORS;
afterEach(() => {
  if (before === undefined) delete process.env.OTEL_NODE_RESOURCE_DETECTORS;
  else process.env.OTEL_NODE_RESOURCE_DETECTORS = before;
});

test('a worker thread says which one it is', () => {
  const output = execFileSync(process.execPath, ['--conditions=@sonde/source', '-e', PROGRAM], { encoding: 'utf8' });
  const [id, attributes] = JSON.parse(output) as [number, Record<string, unknown>];
  expect(id).toBeGreaterThan(0);
  expect(attributes['thread.id']).toBe(id);
});

test('the main thread does not, nor one whose detectors are named', () => {
  // Jest may run this in either.
  const own = threadId === 0 ? undefined : threadId;
  expect(detectResource().attributes['thread.id']).toBe(own);
  process.env.OTEL_NODE_RESOURCE_DETECTORS = 'env';
  expect(detectResource().attributes['thread.id']).toBeUndefined();
});
