import { culpritOf, frameText, stackText, toSource } from '../src/stack-frames.ts';
import type { StackFrame } from '../src/types.ts';

const frame = (name: string, file: string): StackFrame => ({ function: name, file, line: 3, column: 9 });
const internal = frame('readSync', 'node:fs');
const dependency = frame('hashSync', 'file:///srv/app/node_modules/bcryptjs/index.js');
const onWindows = frame('hashSync', 'file:///C:\\app\\node_modules\\bcryptjs\\index.js');
const own = frame('wrapper', new URL('../../vfs/src/sync-wrapper.ts', `file://${__filename}`).href);
const application = frame('checkPassword', 'file:///srv/app/users.js');
const caller = frame('', 'file:///srv/app/server.js');

test('the culprit is the innermost function of the application', () => {
  expect(culpritOf([internal, own, dependency, onWindows, application, caller])).toBe(application);
  expect(culpritOf([caller, application])).toBe(caller);
});

test('without one it is that of a dependency, and else the innermost of all', () => {
  expect(culpritOf([internal, dependency])).toBe(dependency);
  expect(culpritOf([internal, own])).toBe(internal);
  const installed = frame('wrapper', 'file:///srv/app/node_modules/@sonde/instrumentation-vfs/dist/sync-wrapper.js');
  expect(culpritOf([internal, installed, dependency])).toBe(dependency);
  expect(culpritOf([])).toBeUndefined();
});

test('tests and benchmarks of Sonde are applications to it', () => {
  const test = frame('block', new URL('./fixtures/blocked-service.ts', `file://${__filename}`).href);
  expect(culpritOf([own, test])).toBe(test);
});

test('a stack as text begins with the culprit, and holds it in its place as well', () => {
  expect(stackText(application, [internal, application])).toBe(
    [
      'at checkPassword (file:///srv/app/users.js:3:9)',
      'at readSync (node:fs:3:9)',
      'at checkPassword (file:///srv/app/users.js:3:9)',
    ].join('\n'),
  );
  expect(stackText(application, [application, caller])).toBe(
    'at checkPassword (file:///srv/app/users.js:3:9)\nat <anonymous> (file:///srv/app/server.js:3:9)',
  );
  expect(stackText(undefined, [])).toBe('');
  expect(frameText(caller)).toBe('at <anonymous> (file:///srv/app/server.js:3:9)');
});

test('frames without a source map stay as they are, whatever their file is called', () => {
  for (const file of ['', 'node:fs', 'evalmachine.<anonymous>', 'file:///nowhere.js', 'file://%zz', 'wasm://wasm/1']) {
    const one = frame('f', file);
    expect(toSource(one)).toBe(one);
  }
});
