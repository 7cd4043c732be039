import { IMPORTED, runForJson } from './fixtures/run.ts';

interface Seen {
  readonly got: readonly number[];
  readonly childGot: readonly number[];
  readonly left: {
    readonly parent: unknown;
    readonly child: unknown;
    readonly own: boolean;
    readonly listeners: number;
  };
  readonly dropped: unknown;
}

const all = Array.from({ length: 300 }, (_, index) => index);

describe.each(['parent', 'child'])('switching Sonde off and on in the %s', (who) => {
  it('loses no message that is under way and leaves nothing behind', async () => {
    const seen = await runForJson<Seen>('switching.ts', [who], { execArgv: IMPORTED });
    expect(seen.got).toEqual(all);
    expect(seen.childGot).toEqual(all);
    // No emit of ours; Node's own send, spawn and spawnSync.
    expect(seen.left).toMatchObject({
      parent: [false, false, undefined, true, true].map((value) => value ?? null),
      child: [false, false, true, true, true],
    });
    expect(seen.left.own).toBe(true);
    expect(seen.left.listeners).toBe(1);
    expect(seen.dropped).toEqual({});
  });
});
