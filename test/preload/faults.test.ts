import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AS_NOBODY, canBeNobody, isRoot } from '../fixtures/nobody.ts';
import { FIXTURES, freePort, NODE, PERMISSION, REGISTER, runProgram } from './program.ts';
import { startSink } from './sink.ts';

const can = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const canUnshare = isRoot && can('unshare', '--mount', 'true');

describe('a preloaded program', () => {
  let folder: string;
  let env: Record<string, string>;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sonde-faults-'));
    env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const run = (
    flags: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
    through?: readonly string[],
  ) =>
    runProgram({
      args: [...flags, '--import', REGISTER, 'requests.mjs'],
      env: { ...env, ...more },
      ...(through === undefined ? {} : { through }),
    });
  const lines = (text: string): string[] => text.split('\n').slice(0, -1);

  it('is told once that the port is taken, and runs', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = await run([], { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) });
    server.close();
    expect(outcome).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(lines(outcome.stderr)).toEqual([
      `sonde: 127.0.0.1:${port} is taken: metrics are not served until it is free, Sonde tries again every 5 s; set OTEL_EXPORTER_PROMETHEUS_PORT to a free port, or SONDE_PROMETHEUS=0`,
    ]);
  });

  it.each(['70000', '-1', '94.64'])('is told that a port cannot be one: %s', async (port) => {
    const outcome = await run([], { OTEL_EXPORTER_PROMETHEUS_PORT: port, OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.9' });
    expect(outcome).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(lines(outcome.stderr)).toEqual([
      `sonde: OTEL_EXPORTER_PROMETHEUS_PORT must be an integer from 0 to 65535, got "${port}"; 9464 is used`,
    ]);
  });

  it('is told each bad setting once, and runs with the defaults', async () => {
    writeFileSync(join(folder, 'sonde.yaml'), 'presett: minimal\nstreamSize: 12\n');
    const config = join(folder, 'sonde.yaml');
    const outcome = await run([], { SONDE_CONFIG: config, SONDE_PATHS: 'some', SONDE_PRESE: 'minimal' });
    expect(outcome).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(lines(outcome.stderr)).toEqual([
      'sonde: SONDE_PRESE is not a setting and is ignored; did you mean SONDE_PRESET?',
      'sonde: SONDE_PATHS must be one of none, hashed, redacted, full, got "some"; the default holds until it is corrected',
      `sonde: presett in ${config} is not a setting and is ignored; did you mean preset?`,
      `sonde: streamSize in ${config} must be an integer from 1024 to 16777216, got 12; the default holds until it is corrected`,
    ]);
  });

  it('is told nothing in its children, whatever is wrong', async () => {
    const wrong = { ...env, SONDE_PATHS: 'some', NODE_OPTIONS: `--import ${REGISTER}` };
    const outcome = await runProgram({ args: ['children.mjs', 'execSync'], env: wrong });
    expect(lines(outcome.stderr)).toHaveLength(1);
  });

  it('runs under --permission, is told once what is off, and sees no denial of ours', async () => {
    const flags = [...PERMISSION, '--allow-fs-read=*'];
    const bare = await runProgram({ args: [...flags, 'requests.mjs'] });
    expect(await run(flags)).toEqual(bare);
    const outcome = await run(['--require', './denials.cjs', ...flags], { SONDE_BANNER: '1' });
    expect(outcome).toMatchObject({ code: 0, stdout: 'done\ndenials 0\n' });
    expect(lines(outcome.stderr).filter((line) => /permission/.test(line))).toHaveLength(1);
  });

  it('runs where no network is allowed, and is told what is off', async () => {
    const args = ['--permission', '--allow-fs-read=*', '--import', REGISTER, 'nothing.cjs'];
    const { env: sending } = await startSink().then(async (sink) => {
      await sink.close();
      return sink;
    });
    const outcome = await runProgram({ args, env: { ...env, ...sending, SONDE_PROMETHEUS: '1', SONDE_BANNER: '1' } });
    expect(outcome).toMatchObject({ code: 0, signal: null, stdout: '' });
    const isRestricted = PERMISSION.includes('--allow-net');
    expect(lines(outcome.stderr).filter((line) => /no network/.test(line))).toHaveLength(isRestricted ? 1 : 0);
  });

  it('runs where only its own files may be read', async () => {
    const root = join(FIXTURES, '..', '..', '..');
    const readable = ['node_modules', 'packages', 'instrumentations', 'test'].map((each) => join(root, each));
    const flags = [
      ...PERMISSION,
      ...readable.map((path) => `--allow-fs-read=${path}`),
      `--allow-fs-read=${root}/package.json`,
    ];
    const bare = await runProgram({ args: [...flags, 'requests.mjs'] });
    expect(bare).toMatchObject({ code: 0 });
    expect(await run(flags)).toEqual(bare);
  });

  (canUnshare ? it : it.skip)('runs without /proc, and with a read-only root', async () => {
    const script = 'mount -t tmpfs none /proc && exec "$@"';
    const without = await run([], {}, ['unshare', '--mount', 'sh', '-c', script, 'sh']);
    expect(without).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
    const readOnly = await run([], {}, [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount -o remount,bind,ro / && exec "$@"',
      'sh',
    ]);
    expect(readOnly).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
  });

  (canBeNobody ? it : it.skip)('runs as a user who may do nothing', async () => {
    const outcome = await run([], { HOME: '/' }, AS_NOBODY);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
  });

  it('runs although Sonde itself cannot start', async () => {
    const outcome = await run(['--require', './breaks-start.cjs']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(lines(outcome.stderr)).toEqual([
      expect.stringMatching(
        /^sonde: Sonde could not start and is off, the application runs without it: .* is not a function$/,
      ),
    ]);
  });

  it('runs although a package that Sonde needs is missing', async () => {
    const outcome = await run(['--require', './hides-package.cjs']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(lines(outcome.stderr)).toEqual([
      expect.stringMatching(
        /^sonde: Sonde could not start and is off, .*Cannot find package '@opentelemetry\/sdk-metrics'/,
      ),
    ]);
  });

  it('runs from a working directory that is gone', async () => {
    const gone = join(folder, 'gone');
    mkdirSync(gone);
    chmodSync(gone, 0o755);
    const register = execFileSync(NODE, ['-p', `require.resolve('${REGISTER}')`], {
      cwd: FIXTURES,
      encoding: 'utf8',
    }).trim();
    const script = `cd ${gone} && rmdir ${gone} && exec "$@"`;
    const program = join(FIXTURES, 'requests.cjs');
    const outcome = await runProgram({
      args: ['--require', register, program],
      env,
      through: ['sh', '-c', script, 'sh'],
    });
    const bare = await runProgram({ args: [program], env, through: ['sh', '-c', `mkdir -p ${gone}; ${script}`, 'sh'] });
    expect(outcome).toEqual(bare);
    expect(readFileSync(program, 'utf8')).toMatch('done');
  });
});
