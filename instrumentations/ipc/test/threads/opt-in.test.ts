import { createContext } from 'node:vm';
import { BroadcastChannel, MessageChannel, moveMessagePortToContext } from 'node:worker_threads';
import { instrumentBroadcastChannel, instrumentPort } from '../../src/index.ts';
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

test.each([[null], [undefined], [{}], [5], ['port'], [new Map()]])('%p has no messages to carry', (end) => {
  expect(() => instrumentPort(end as never)).toThrow(TypeError);
  expect(() => instrumentPort(end as never)).toThrow(
    /^instrumentPort: port must be a MessagePort of node:worker_threads, got (null|undefined|\{\}|5|'port'|Map\(0\) \{\})$/,
  );
  expect(() => instrumentBroadcastChannel(end as never)).toThrow(TypeError);
  expect(() => instrumentBroadcastChannel(end as never)).toThrow(
    /^instrumentBroadcastChannel: channel must be a BroadcastChannel of node:worker_threads, got /,
  );
});

test('a port is no broadcast channel, nor the other way round, and one moved into another vm context cannot be hooked', () => {
  const { port1, port2 } = new MessageChannel();
  const broadcast = new BroadcastChannel('refused');
  const moved = moveMessagePortToContext(port2, createContext());
  try {
    expect(() => instrumentPort(broadcast as never)).toThrow('port must be a MessagePort');
    expect(() => instrumentBroadcastChannel(port1 as never)).toThrow('channel must be a BroadcastChannel');
    expect(() => instrumentPort(moved)).toThrow('port must be a MessagePort');
    expect(instrumentPort(port1)).toBe(port1);
    expect(instrumentBroadcastChannel(broadcast)).toBe(broadcast);
  } finally {
    port1.close();
    broadcast.close();
  }
});
