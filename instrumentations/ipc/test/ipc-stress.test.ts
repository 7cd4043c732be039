// long: 1 M messages between 8 threads, 4 children and their parent: refusals, transfers, crashes, slow receivers, peers without Sonde

import { join } from 'node:path';
import type { Report } from './fixtures/stress/program.ts';
import { IMPORTED, runForJson } from './processes/fixtures/run.ts';
import { IS_LONG } from './seed.ts';

const MESSAGES = IS_LONG ? 1_000_000 : 12_000;
const SEED = Number(process.env.SONDE_TEST_SEED ?? 20_261_121);
/** Some seconds; a machine that is busy with other things gets time. */
const TIMEOUT_MS = IS_LONG ? 800_000 : 100_000;
const PROGRAM = join(__dirname, 'fixtures', 'stress', 'program.ts');

describe(`${MESSAGES} random messages to 8 threads and 4 children at once, and their answers, seed ${SEED}`, () => {
  let report: Report;
  let threads: Report['peers'];
  let lasting: Report['peers'];
  beforeAll(async () => {
    const options = { execArgv: IMPORTED, timeoutMs: TIMEOUT_MS };
    report = await runForJson(PROGRAM, [String(MESSAGES), String(SEED)], options);
    threads = report.peers.filter(({ name }) => name.endsWith('-worker'));
    lasting = report.peers.filter(({ isDoomed }) => !isDoomed);
    if (IS_LONG) console.log(JSON.stringify(report, undefined, 1));
  }, TIMEOUT_MS);

  it('arrive as they were sent and in order, also where somebody crashes or has no Sonde', () => {
    for (const { name, atParent, atPeer, atGiven } of report.peers) {
      for (const { unordered, spoilt } of [atParent, atPeer, atGiven])
        expect([name, unordered, spoilt]).toEqual([name, 0, 0]);
    }
    for (const { name, sent, atParent, atPeer, atGiven, end } of lasting) {
      expect([name, atPeer.received + atGiven.received, atParent.received]).toEqual([name, sent, end.sent]);
    }
  });

  it('are never handled in a trace that is not theirs', () => {
    for (const { name, atParent, atPeer, atGiven, badAtKilled } of report.peers) {
      expect([name, atParent.wrong, atPeer.wrong, atGiven.wrong, badAtKilled]).toEqual([name, 0, 0, 0, 0]);
    }
  });

  it('are handled in no trace only if that was counted, for this very peer', () => {
    for (const { name, isObserved, atParent, atPeer, end } of lasting) {
      if (!isObserved) continue;
      const missed = (report.missed[`${name}.mjs`] ?? 0) + end.missed;
      expect([name, atParent.none + atPeer.none <= missed]).toEqual([name, true]);
    }
  });

  it('mostly keep their trace, and nothing of Sonde fails', () => {
    // In the short form much is sent before a child has come to life.
    for (const { name, atParent } of lasting)
      expect([name, atParent.right / atParent.received > 0.5]).toEqual([name, true]);
    for (const { name, isObserved, atPeer } of IS_LONG ? lasting : []) {
      if (isObserved) expect([name, atPeer.right / atPeer.received > 0.5]).toEqual([name, true]);
    }
    expect(report.dropped).toEqual({});
  });

  it('are of all kinds', () => {
    for (const { name, refused, misplaced } of report.peers)
      expect([name, refused > 0, misplaced]).toEqual([name, true, 0]);
    for (const { name, crashes } of report.peers.filter(({ isDoomed }) => isDoomed)) {
      expect([name, crashes > 0]).toEqual([name, true]);
    }
    const withPorts = threads.filter(({ ports }) => ports > 0);
    expect(withPorts.map(({ name }) => name)).toEqual(['many-ports-worker', 'doomed-worker', 'plain-worker']);
    expect(withPorts.some(({ atGiven }) => atGiven.received > 0)).toBe(true);
    // Slow enough to be lapped.
    if (IS_LONG) expect(threads.some(({ name, end }) => name.startsWith('slow') && end.missed > 0)).toBe(true);
  });
});
