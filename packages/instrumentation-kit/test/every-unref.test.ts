import { type Context, context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { everyUnref } from '../src/every-unref.ts';

const REQUEST = ROOT_CONTEXT.setValue(createContextKey('request'), 1);

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

test('what a request starts is called back outside of it', async () => {
  const seen = await new Promise<Context>((resolve) => {
    const undo = context.with(REQUEST, () =>
      everyUnref(() => {
        undo();
        resolve(context.active());
      }, 1),
    );
  });
  expect(seen).toBe(ROOT_CONTEXT);
});

test('it calls back again and again, until it is undone', async () => {
  let calls = 0;
  let later = 0;
  await new Promise<void>((resolve) => {
    const undoFirst = everyUnref(() => {
      calls += 1;
      if (calls === 2) undoFirst();
    }, 1);
    const undoSecond = everyUnref(() => {
      later += 1;
      if (later < 5) return;
      undoSecond();
      resolve();
    }, 1);
  });
  expect(calls).toBe(2);
});

test('it keeps no process alive', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const undo = everyUnref(() => undefined, 1000);
  expect(timers()).toBe(before);
  undo();
});
