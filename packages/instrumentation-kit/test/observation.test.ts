import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import { isSuppressed, observation, unobserved } from '../src/observation.ts';

afterEach(() => context.disable());

test('work of Sonde runs deeper, and the depth comes back, also after a throw', () => {
  const state = observation();
  expect(state.depth).toBe(0);
  expect(unobserved(() => unobserved(() => [state.depth, state.own]))).toEqual([2, 2]);
  expect(state.own).toBe(0);
  expect(() =>
    unobserved(() => {
      throw new Error('x');
    }),
  ).toThrow('x');
  expect(state.depth).toBe(0);
});

test('a depth that somebody reset inside does not become negative', () => {
  const state = observation();
  unobserved(() => {
    state.depth = 0;
  });
  expect(state.depth).toBe(0);
});

test('a context manager that throws does not reach the caller', () => {
  const throwing = {
    active: () => {
      throw new Error('manager');
    },
    enable: () => throwing,
    disable: () => throwing,
  };
  context.setGlobalContextManager(throwing as never);
  expect(isSuppressed()).toBe(false);
});

test('without a context manager nothing is suppressed', () => {
  expect(isSuppressed()).toBe(false);
});

test('suppressed tracing is seen in its context, in those made from it, and nowhere else', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const suppressed = suppressTracing(ROOT_CONTEXT);
  expect(isSuppressed()).toBe(false);
  await context.with(suppressed, async () => {
    expect(isSuppressed()).toBe(true);
    await Promise.resolve();
    expect(isSuppressed()).toBe(true);
    context.with(suppressed.setValue(createContextKey('x'), 1), () => expect(isSuppressed()).toBe(true));
    context.with(ROOT_CONTEXT, () => expect(isSuppressed()).toBe(false));
    expect(isSuppressed()).toBe(true);
  });
  expect(isSuppressed()).toBe(false);
});
