// long: 1 M messages between processes with kills, refusals, slow receivers and a peer without Sonde: contexts right or counted, none wrong

import { IMPORTED, runForJson } from './processes/fixtures/run.ts';
import type { Report } from './processes/fixtures/stress.ts';

const IS_LONG = process.env.SONDE_TEST_LONG === '1';
const MESSAGES = IS_LONG ? 1_000_000 : 4_000;
const SEED = Number(process.env.SONDE_TEST_SEED ?? 20_261_121);

describe(`${MESSAGES} random messages between five processes, seed ${SEED}`, () => {
  let report: Report;
  beforeAll(async () => {
    const timeoutMs = IS_LONG ? 800_000 : 25_000;
    report = await runForJson('stress.ts', [String(MESSAGES), String(SEED)], { execArgv: IMPORTED, timeoutMs });
    if (IS_LONG) console.log(JSON.stringify(report, undefined, 1));
  });

  it('arrive as they were sent and in order, at peers with and without Sonde', () => {
    for (const { atParent, sent, end } of report.peers) {
      expect(atParent).toMatchObject({ unordered: 0, spoilt: 0 });
      expect(end?.findings).toMatchObject({ received: sent, unordered: 0, spoilt: 0 });
      expect(atParent.received).toBeGreaterThanOrEqual(end?.sent ?? Number.NaN);
    }
    expect(report.kills).toBeGreaterThan(0);
  });

  it('are never handled in a trace that is not theirs', () => {
    for (const { atParent, end } of report.peers) expect([atParent.wrong, end?.findings.wrong]).toEqual([0, 0]);
  });

  it('are handled in no trace only if that was counted', () => {
    const observed = report.peers.filter(({ isObserved }) => isObserved);
    const unknown = report.peers.reduce((sum, { end }) => sum + (end?.findings.none ?? 0), 0);
    expect(report.missed).toBeGreaterThanOrEqual(unknown);
    // What was killed takes its counts along.
    for (const { atParent, end } of observed.slice(0, 2)) expect(end?.missed).toBeGreaterThanOrEqual(atParent.none);
  });

  it('mostly keep their trace, and nothing of Sonde fails', () => {
    const [json, advanced] = report.peers;
    for (const peer of [json, advanced]) {
      const { right = 0, received = 1 } = peer?.end?.findings ?? {};
      expect(right / received).toBeGreaterThan(0.5);
    }
    expect(report.dropped).toEqual({});
    expect(report.peers.some(({ refused }) => refused > 0)).toBe(true);
  });
});
