import { FS_OPERATIONS } from '../src/operations.ts';
import { observePromise } from '../src/promise-wrapper.ts';
import { createOperation } from '../src/series.ts';
import { createWorld } from './fixtures/recorder-world.ts';

function operation(name: string) {
  const definition = FS_OPERATIONS.find((candidate) => candidate.name === name);
  if (definition === undefined) throw new Error(name);
  return createOperation(definition, 'promise');
}

const ON = { active: true };

test('an operation lasts until its promise settles, and is in flight and in the pool meanwhile', async () => {
  const { clock, recorded, pool, recorder } = createWorld();
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const data = Buffer.alloc(5);
  const result = observePromise(operation('readFile'), recorder)(() => promise, ON)('/data/x') as Promise<Buffer>;
  expect([pool.entered, pool.left]).toEqual([1, 0]);
  clock.ms += 4;
  resolve(data);
  expect(await result).toBe(data);
  expect([...recorded]).toEqual([
    ['active readFile promise /data xfs', [1, -1]],
    ['duration readFile promise /data xfs', [0.004]],
    ['io readFile promise /data xfs read', [5]],
  ]);
  expect(pool.left).toBe(1);
});

test('a rejection passes as it is and is counted by its code', async () => {
  const { recorded, recorder } = createWorld();
  const error = Object.assign(new Error('x'), { code: 'ENOENT' });
  const result = observePromise(operation('stat'), recorder)(() => Promise.reject(error), ON)('/x');
  await expect(result).rejects.toBe(error);
  expect(recorded.get('errors stat promise / ext4 ENOENT')).toEqual([1]);
});

test('what is adopted is seen before the application sees it', async () => {
  const { recorder } = createWorld();
  const order: string[] = [];
  const open = observePromise(operation('open'), recorder, (value) => order.push(`adopted ${value}`));
  await open(() => Promise.resolve('handle'), ON)('/x').then((value: string) => order.push(`got ${value}`));
  expect(order).toEqual(['adopted handle', 'got handle']);
});

test('a foreign implementation that returns no promise, or throws, is left as it is', () => {
  const { recorded, recorder, pool } = createWorld();
  expect(observePromise(operation('stat'), recorder)(() => 5, ON)('/x')).toBe(5);
  const error = new Error('at once');
  const throwing = observePromise(operation('stat'), recorder)(() => {
    throw error;
  }, ON);
  expect(() => throwing('/x')).toThrow(error);
  expect([pool.entered, pool.left]).toEqual([2, 2]);
  expect(recorded.get('duration stat promise / ext4')).toHaveLength(2);
});

test('an inactive patch hands on the very promise', () => {
  const { recorder } = createWorld();
  const promise = Promise.resolve();
  expect(observePromise(operation('stat'), recorder)(() => promise, { active: false })('/x')).toBe(promise);
});

test('a wrapper has no prototype and cannot be constructed, like the functions of fs.promises', () => {
  const { recorder } = createWorld();
  const wrapper = observePromise(operation('stat'), recorder)(async () => 1, ON);
  expect(Object.hasOwn(wrapper, 'prototype')).toBe(false);
  expect(() => Reflect.construct(wrapper, [])).toThrow(TypeError);
});
