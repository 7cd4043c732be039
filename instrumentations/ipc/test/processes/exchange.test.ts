import type { Arrival, Transcript } from './fixtures/exchange.ts';
import { IMPORTED, REQUIRED, runForJson, SOURCE } from './fixtures/run.ts';

type Ways = readonly [parent: readonly string[], child: readonly string[]];

function exchange(serialization: string, [parent, child]: Ways, env: NodeJS.ProcessEnv = {}): Promise<Transcript> {
  return runForJson('exchange.ts', [serialization, JSON.stringify(child)], { execArgv: parent, env });
}

function whats(arrivals: readonly Arrival[]): string[] {
  return arrivals.map(({ what }) => what);
}

function traces(arrivals: readonly Arrival[]): string[] {
  return arrivals.map(({ trace }) => trace).filter((trace) => trace !== 'any');
}

/** Traces are numbered like the messages, so messages of one order have traces of one order. */
function isAscending(numbers: readonly string[]): boolean {
  return numbers.every((number, index) => index === 0 || Number(number) > Number(numbers[index - 1]));
}

describe.each(['json', 'advanced'])('messages with %s serialisation', (serialization) => {
  let bare: Transcript;
  beforeAll(async () => {
    bare = await exchange(serialization, [SOURCE, SOURCE]);
  });

  it.each<[string, Ways]>([
    ['by --import', [IMPORTED, IMPORTED]],
    ['by --require', [REQUIRED, REQUIRED]],
  ])('arrive as without Sonde, in order, each in its own trace, when both ends are observed %s', async (_, ways) => {
    const observed = await exchange(serialization, ways);
    expect(whats(observed.got)).toEqual(whats(bare.got));
    expect(observed.sent).toEqual(bare.sent);
    expect(observed.toJson).toEqual(bare.toJson);
    expect(traces(observed.got)).not.toContain('none');
    expect(isAscending(traces(observed.got))).toBe(true);
    // An answer belongs to the trace of what it answers.
    expect(observed.answered).toEqual(traces(observed.got));
    // Only those whose sending threw after they had been announced.
    expect(observed.missed).toEqual([0, 0]);
  });

  it.each<[string, Ways]>([
    ['the parent alone', [IMPORTED, SOURCE]],
    ['the child alone', [SOURCE, IMPORTED]],
  ])('arrive as without Sonde when %s is observed', async (_, ways) => {
    // That a child was started in a trace does not make what it is told later part of it.
    const observed = await exchange(serialization, ways, { TRACEPARENT: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    expect(whats(observed.got)).toEqual(whats(bare.got));
    expect(observed.sent).toEqual(bare.sent);
    expect(observed.toJson).toEqual(bare.toJson);
    expect(new Set(traces(observed.got))).toEqual(new Set(['none']));
    // Each that was taken by Node went in a trace that its receiver cannot know of.
    const isParent = ways[0] === IMPORTED;
    if (isParent) expect(observed.missed[0]).toBeGreaterThanOrEqual(bare.got.length);
  });
});
