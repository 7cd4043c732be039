import { factsOf } from '../fixtures/preloaded.ts';

const facts = (group: string): Promise<Record<string, unknown>> =>
  factsOf('facts-program.mjs', { args: [group], flag: group.length % 2 === 0 ? '--import' : '--require' });

test('Worker and MessageChannel are what they were', async () => {
  expect(await facts('identity')).toEqual({
    instance: true,
    constructor: true,
    sameEverywhere: true,
    shape: ['Worker', 1, true],
    channel: true,
    globalChannel: true,
    portKeys: '',
    inspect: false,
    withoutNew: ['TypeError', 'TypeError'],
  });
});

test('messages arrive bit-identical: odd values, circular ones, `__proto__` keys, 0 bytes, 64 MB', async () => {
  expect(await facts('values')).toEqual({ same: true, detached: true, big: true });
});

test('messages that cannot be sent throw as before and take no place in the sequence', async () => {
  expect(await facts('failures')).toEqual({
    errors: ['same', 'DataCloneError', 'DataCloneError'],
    calls: 1,
    noArguments: 'ERR_MISSING_ARGS',
    badTransfer: 'ERR_INVALID_ARG_TYPE',
    stillRight: true,
    overtaken: [true, true, true],
    order: ['inner', 'outer', 'after'],
    distinct: true,
  });
});

test('ports that go to a worker carry contexts, however they are received; more ports than rings are never wrong', async () => {
  expect(await facts('ports')).toEqual({
    early: ['early', null],
    right: [true, true, true, true],
    many: { wrong: 0, enough: true },
    workerData: true,
    fetched: [true, null],
    fetchedInRequest: [true, true, true],
    fetchedHere: [true, true],
    nothingLeft: null,
    missed: [],
  });
});

test('of a channel between two workers messages are counted, with no contexts, and nothing seems to wait', async () => {
  expect(await facts('relays')).toEqual({
    order: true,
    senders: true,
    receivers: [null],
    sender: {
      'sonde.ipc.queue.depth': [],
      'sonde.ipc.context.missed': [],
      'messaging.client.sent.messages': [['port', 20]],
      'messaging.client.consumed.messages': [],
    },
    receiver: {
      'sonde.ipc.queue.depth': [],
      'sonde.ipc.context.missed': [],
      'messaging.client.sent.messages': [],
      'messaging.client.consumed.messages': [['port', 20]],
    },
  });
});

test('workers without the instrumentation notice nothing, and their own workers are not taken for them', async () => {
  expect(await facts('strangers')).toEqual({ plain: ['plain', null, null], evaluated: true, inherited: null });
});

test('the main script continues the trace that started it, until the worker is told by a message what to do', async () => {
  expect(await facts('starts')).toEqual({
    start: [true, true],
    outside: null,
    pool: [null, null],
    quiet: null,
    nested: [true, true, true],
  });
});

test('a job that a pool sends from the handler of an answer has no context rather than that of another request', async () => {
  expect(await facts('queue')).toEqual({
    seen: ['right', null, null, 'right'],
    // The second answer had no trace any more, so that there was none to miss.
    missed: [['answer', 1]],
    afterAwait: true,
  });
});

test('what goes from the handler of an answer to another worker is the next stage of the same request', async () => {
  expect(await facts('stages')).toEqual({ second: true, missed: [] });
});

test('disable puts everything back; enable observes what begins afterwards', async () => {
  expect(await facts('disabling')).toEqual({
    restored: true,
    global: true,
    receive: true,
    prototypes: [true, false, false],
    stillWorks: 2,
    newWorks: 3,
    again: true,
    oldOne: null,
  });
});

test('a worker that ends with messages in its queue: they are told, exit codes are its own', async () => {
  expect(await facts('ends')).toEqual({ waiting: [25], terminated: 1, exitCode: 3, undelivered: 25, depth: [0] });
});
