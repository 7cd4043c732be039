// long: 20 rounds of 4,000 commands each to real processes and threads, half of them messages
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { EventRecord } from '@sonde/event-stream';
import type { Carrier } from '@sonde/instrumentation-kit';
import { CausalGraph } from '../../src/index.ts';
import type { Addressed, Command, Finished, Sent } from '../fixtures/member.ts';
import { IS_LONG, SEED } from '../seed.ts';

const PROGRAM = join(__dirname, '..', 'fixtures', 'member.ts');
const ROUNDS = IS_LONG ? 20 : 1;
const COMMANDS = IS_LONG ? 4000 : 600;
/** What a clock accepts, by default. */
const MAX_DRIFT_MS = 60_000;
const TEN_MINUTES_MS = 600_000;

/** Numbers 0 to 1 out of a seed: https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Member {
  readonly child: ChildProcess;
  readonly to: Addressed['to'];
}

interface Outcome {
  readonly finished: readonly Finished[];
  readonly carriers: ReadonlyMap<number, Carrier>;
}

/** Lets the members emit, send, and receive what others have sent, as it comes: reordered, and often more than once. */
async function play(skews: readonly (readonly [number, number])[], random: () => number): Promise<Outcome> {
  const children = skews.map(([own, worker]) =>
    fork(PROGRAM, [String(own), String(worker)], {
      execArgv: ['--conditions=@sonde/source'],
      serialization: 'json',
    }),
  );
  const members = children.flatMap((child): Member[] => [
    { child, to: 'process' },
    { child, to: 'worker' },
  ]);
  const carriers = new Map<number, Carrier>();
  const finished: Finished[] = [];
  const tell = ({ child, to }: Member, command: Command): void => void child.send({ to, command } satisfies Addressed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const anyMember = (): Member => pick(members);
  try {
    await new Promise<void>((resolve, reject) => {
      let next = 0;
      let waiting = 0;
      const act = (): void => {
        const kind = random();
        if (kind < 0.2) tell(anyMember(), { kind: 'emit' });
        else if (kind < 0.6 && carriers.size > 0) {
          const [message, carrier] = pick([...carriers].slice(-50));
          tell(anyMember(), { kind: 'receive', message, carrier });
        } else {
          waiting += 1;
          tell(anyMember(), { kind: 'send', message: next });
        }
      };
      const goOn = (): void => {
        while (next < COMMANDS && waiting < 8) {
          act();
          next += 1;
        }
        if (next === COMMANDS && waiting === 0) for (const member of members) tell(member, { kind: 'finish' });
      };
      for (const child of children) {
        child.on('error', reject);
        child.on('exit', (code) => reject(new Error(`a member has exited with ${code}`)));
        child.on('message', (news: Sent | Finished) => {
          if (news.kind === 'finished') {
            finished.push(news);
            if (finished.length === members.length) resolve();
            return;
          }
          carriers.set(news.message, news.carrier);
          waiting -= 1;
          goOn();
        });
      }
      goOn();
    });
    return { finished, carriers };
  } finally {
    for (const child of children) child.removeAllListeners('exit').kill('SIGKILL');
  }
}

const recordsOf = ({ records }: Finished): EventRecord[] =>
  records.map((record) => ({ ...record, hlc: BigInt(record.hlc) }));

describe('three processes with a worker thread each', () => {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => SEED + round);

  it.each(rounds)(
    'see no inversion, with clocks up to 40 s apart (seed %d)',
    async (seed) => {
      const random = randomFrom(seed);
      const skew = (): number => Math.round((random() - 0.5) * 40_000);
      const { finished, carriers } = await play(
        [1, 2, 3].map(() => [skew(), skew()] as const),
        random,
      );
      expect(finished.map(({ refused }) => refused)).toEqual(finished.map(() => 0));
      const threads = finished.map(recordsOf);
      for (const records of threads) {
        for (let i = 1; i < records.length; i += 1) expect(records[i]?.hlc).toBeGreaterThan(records[i - 1]?.hlc ?? 0n);
      }
      const all = threads.flat();
      const sent = new Map(
        all.filter(({ name }) => name === 'test.member.sent').map((record) => [record.value, record]),
      );
      const received = all.filter(({ name }) => name === 'test.member.received');
      expect(received.length).toBeGreaterThan(COMMANDS / 10);
      const graph = new CausalGraph(all);
      for (const receipt of received) {
        const cause = sent.get(receipt.value) as EventRecord;
        expect(receipt.hlc).toBeGreaterThan(cause.hlc);
        expect(receipt.hlc).toBeGreaterThan(BigInt(`0x${carriers.get(receipt.value)?.hlc}`));
        expect(receipt.traceId).toBe(cause.traceId);
        expect(graph.happenedBefore(cause, receipt)).toBe('before');
      }
    },
    120_000,
  );

  it('refuse one whose clock is ten minutes ahead, and are not dragged along', async () => {
    const { finished } = await play(
      [
        [0, 5000],
        [-5000, 0],
        [TEN_MINUTES_MS, 0],
      ],
      randomFrom(SEED),
    );
    const isAhead = ({ physicalMs }: Finished): boolean => physicalMs > Date.now() + TEN_MINUTES_MS / 2;
    expect(finished.filter(isAhead)).toHaveLength(1);
    for (const member of finished.filter((one) => !isAhead(one))) {
      expect(member.physicalMs).toBeLessThan(Date.now() + MAX_DRIFT_MS + 5000);
    }
    expect(finished.reduce((sum, { refused }) => sum + refused, 0)).toBeGreaterThan(0);
    expect(finished.find(isAhead)?.refused).toBe(0);
    for (const records of finished.map(recordsOf)) {
      for (let i = 1; i < records.length; i += 1) expect(records[i]?.hlc).toBeGreaterThan(records[i - 1]?.hlc ?? 0n);
    }
  }, 120_000);
});
