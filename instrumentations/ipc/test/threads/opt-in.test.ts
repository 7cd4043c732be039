import { factsOf } from '../fixtures/preloaded.ts';

const SAME_IN_ALL = {
  same: true,
  port: [{ a: 1 }, true],
  outside: ['outside', null],
  fetched: ['fetched', true],
  nothing: [null, null],
  error: 'DataCloneError',
  // As without Sonde.
  bare: ['ERR_MISSING_ARGS', 'TypeError', 0],
  bareBroadcast: 1,
  transferred: [8, 0],
  oneEnd: [{ plain: true }, null],
  broadcast: [[1], true],
  plainBroadcast: 'counted',
  own: 'not counted',
  noArguments: 'ERR_MISSING_ARGS',
};

test('ports and broadcast channels carry contexts where both ends ask for it; others are counted, save those of Sonde', async () => {
  expect(await factsOf('optin-program.mjs')).toEqual({
    ...SAME_IN_ALL,
    counted: [
      ['news', 1],
      ['plain', 1],
    ],
    missed: [['peer', 1]],
  });
});
