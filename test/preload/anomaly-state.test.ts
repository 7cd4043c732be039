import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type Outcome, REGISTER, runProgram } from './program.ts';

const ENDS: readonly [way: string, outcome: Partial<Outcome>][] = [
  ['return', { code: 0, signal: null }],
  ['exit', { code: 5, signal: null }],
  ['throw', { code: 1, signal: null }],
  ['signal', { code: null, signal: 'SIGTERM' }],
  ['listener', { code: 0, signal: null }],
  ['shutdown', { code: 0, signal: null }],
];

describe('the state of what looks for anomalies, with the preload', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sonde-preload-state-'));
    path = join(folder, 'state');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const end = (way: string, env: Readonly<Record<string, string>>): Promise<Outcome> =>
    runProgram({
      args: ['--import', REGISTER, 'anomaly-state.mjs', way],
      env: { SONDE_ANOMALY_STATE: path, SONDE_PROMETHEUS: '0', ...env },
      onLine: (line, kill) => line === 'ready' && kill('SIGTERM'),
    });

  it.each(ENDS)('is written at the end, without an exporter: %s', async (way, outcome) => {
    expect(await end(way, {})).toMatchObject(outcome);
    expect(readFileSync(path, 'utf8')).toMatch(/^\{"what":"sonde anomaly state","version":1,.*\n\{"/);
    expect(readdirSync(folder)).toEqual(['state']);
  });

  it.each(ENDS.filter(([way]) => way !== 'shutdown'))(
    'is written at the end, where nobody takes what is sent: %s',
    async (way, outcome) => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` };
      expect(await end(way, env)).toMatchObject(outcome);
      expect(readFileSync(path, 'utf8')).toMatch(/^\{"what":"sonde anomaly state","version":1,.*\n\{"/);
    },
  );

  it('is not that of a child, which inherits the variable', async () => {
    expect(await end('child', {})).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(path)).toBe(false);
  });

  it('is told where it stands in the way of a file, by the name of the option', async () => {
    writeFileSync(path, 'mine');
    const { stderr } = await end('return', {});
    expect(stderr.split('\n').filter((line) => line.includes(path))).toEqual([
      `sonde: anomalyState (SONDE_ANOMALY_STATE): ${path} is no saved state of Sonde: it is kept as it is, and nothing is saved; name another file, or move this one away`,
    ]);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});
