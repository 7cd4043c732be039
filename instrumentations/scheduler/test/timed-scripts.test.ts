import * as vm from 'node:vm';
import { createPatches } from '@sonde/instrumentation-kit';
import { markTimedScripts } from '../src/timed-scripts.ts';
import { TIMED_SCRIPTS, WATCH_MEMORY_BYTES } from '../src/watch-memory.ts';

const cells = new Int32Array(new SharedArrayBuffer(WATCH_MEMORY_BYTES));
const patches = createPatches();
const original = vm.Script.prototype.runInContext;
beforeAll(() => markTimedScripts(patches, vm, cells));

/** What the cell says while the script runs. */
const count = (): number => cells[TIMED_SCRIPTS] as number;
const timed = { timeout: 5000 };
const sandbox = { count };
const script = new vm.Script('count()');

test.each([
  ['vm.runInNewContext', (options: object) => vm.runInNewContext('count()', { count }, options)],
  ['vm.runInContext', (options: object) => vm.runInContext('count()', vm.createContext({ count }), options)],
  ['Script#runInNewContext', (options: object) => script.runInNewContext(sandbox, options)],
  ['Script#runInContext', (options: object) => script.runInContext(vm.createContext({ count }), options)],
])('%s is counted while it runs, if it may be ended from outside', (_, run) => {
  expect([run(timed), count()]).toEqual([1, 0]);
  expect([run({ breakOnSigint: true }), count()]).toEqual([1, 0]);
  expect([run({ displayErrors: false }), count()]).toEqual([0, 0]);
});

test('what they throw passes through, and they look as before', () => {
  expect(() => vm.runInNewContext('while (true);', {}, { timeout: 20 })).toThrow(/timed out after 20ms/);
  expect(() => vm.runInNewContext('throw new Error("mine")', {}, timed)).toThrow('mine');
  expect(count()).toBe(0);
  const { runInContext } = vm.Script.prototype;
  expect(runInContext).not.toBe(original);
  expect([runInContext.name, runInContext.length]).toEqual([original.name, original.length]);
  patches.restore();
  expect(vm.Script.prototype.runInContext).toBe(original);
  expect(runInContext.call(script, vm.createContext({ count }), timed)).toBe(0);
});
