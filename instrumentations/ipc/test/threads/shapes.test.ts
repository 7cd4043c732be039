import { factsOf } from '../fixtures/preloaded.ts';

const RIGHT = { answers: 60, wrong: 0, wrongLater: 0, wrongReply: 0, leaks: 0, cloneErrors: 8 };
const ALL = { on: RIGHT, once: RIGHT, onmessage: RIGHT, addEventListener: RIGHT, iterator: RIGHT, fetch: RIGHT };

test.each([
  ['shapes-program.mjs', '--import'],
  ['shapes-program.mjs', '--require'],
  ['shapes-program.cjs', '--import'],
  ['shapes-program.cjs', '--require'],
] as const)(
  '%s behind %s: all ways to receive run in the context of the message, there and back',
  async (name, flag) => {
    expect(await factsOf(name, { flag })).toEqual(ALL);
  },
);
