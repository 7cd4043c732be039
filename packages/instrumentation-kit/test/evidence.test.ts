import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Outcome {
  readonly outcome: unknown;
  readonly noted: readonly string[];
  readonly isLong: boolean;
}

interface Report {
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly inFlight: number;
  readonly isPatched: boolean;
  readonly isStillOn: boolean;
  readonly isRestored: boolean;
  readonly names: string;
  readonly namesBefore: string;
}

let report: Report;

beforeAll(async () => {
  const program = join(__dirname, 'fixtures', 'evidence-program.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@sonde/source', program], {
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
    timeout: 25_000,
  });
  report = JSON.parse(stdout) as Report;
});

test.each(['Resolver#resolve4', 'promises.Resolver#resolve4', 'resolve4', 'resolve', 'promises.resolve4'])(
  'a name server that is slow to answer %s is waited for',
  (name) => {
    expect(report.outcomes[name]).toEqual({ outcome: ['127.0.0.9'], noted: ['connect'], isLong: true });
  },
);

test.each(['missing', 'missing, callback'])('a look-up that fails is waited for as well: %s', (name) => {
  expect(report.outcomes[name]).toEqual({ outcome: 'ENOTFOUND', noted: ['connect'], isLong: true });
});

test('what the application gets of look-ups and connects is what it gets without', () => {
  expect(report.outcomes['bad argument']).toMatchObject({ outcome: 'ERR_INVALID_ARG_TYPE', noted: [] });
  expect(report.outcomes.lookup?.outcome).toEqual({ address: '127.0.0.1', family: 4 });
  expect(report.outcomes['promises.lookup']?.outcome).toEqual({ address: '127.0.0.1', family: 4 });
  expect(report.outcomes['lookup of an address']).toMatchObject({
    outcome: { address: '127.0.0.1', family: 4 },
    noted: [],
  });
  expect(report.outcomes.connect?.outcome).toBe('closed');
});

test('nothing of it is left in the account of the pool', () => {
  expect(report.inFlight).toBe(0);
});

test('functions keep their names and lengths, and are put back when the last one stops', () => {
  expect([report.isPatched, report.isStillOn, report.isRestored]).toEqual([true, true, true]);
  expect(report.names).toBe(report.namesBefore);
});
