import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIXTURES, freePort, REGISTER, runProgram } from './program.ts';

const LINE = /^sonde: development preset: .*metrics at http:\/\/127\.0\.0\.1:\d+\/metrics.*OTEL_SDK_DISABLED=true\n$/;

describe('who prints and who binds the port', () => {
  const environment = async (more: Readonly<Record<string, string>> = {}) => ({
    SONDE_BANNER: '1',
    OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
    ...more,
  });

  it('is a process that is nobody’s child', async () => {
    const env = await environment();
    const outcome = await runProgram({ args: ['--import', REGISTER, 'children.mjs', 'alone'], env });
    expect(outcome).toMatchObject({ code: 0, stdout: 'served true\n' });
    expect(outcome.stderr).toMatch(LINE);
  });

  it('says which port it has found when any will do', async () => {
    const env = { SONDE_BANNER: '1', OTEL_EXPORTER_PROMETHEUS_PORT: '0' };
    const { stderr } = await runProgram({ args: ['--import', REGISTER, 'children.mjs', 'child'], env });
    expect(stderr).toMatch(LINE);
    expect(stderr).not.toMatch(':0/metrics');
  });

  it.each(['fork', 'cluster', 'spawn', 'execSync', 'shell'])('is never a child, by NODE_OPTIONS: %s', async (way) => {
    const env = await environment({ NODE_OPTIONS: `--import ${REGISTER}` });
    const outcome = await runProgram({ args: ['children.mjs', way], env });
    expect(outcome).toMatchObject({ code: 0, stdout: 'child has its mark true\n' });
    expect(outcome.stderr).toMatch(LINE);
  });

  it.each(['fork', 'cluster', 'spawn'])('is never a child, by inherited flags: %s', async (way) => {
    const env = await environment();
    const outcome = await runProgram({ args: ['--import', REGISTER, 'children.mjs', way], env });
    expect(outcome).toMatchObject({ code: 0, stdout: 'child has its mark true\n' });
    expect(outcome.stderr).toMatch(LINE);
  });

  it('prints nothing off a terminal unless it is told to', async () => {
    const env = await environment();
    const { SONDE_BANNER: _, ...unset } = env;
    const args = ['--import', REGISTER, 'children.mjs', 'alone'];
    expect(await runProgram({ args, env: unset })).toMatchObject({ stdout: 'served true\n', stderr: '' });
    expect(await runProgram({ args, env: { ...env, SONDE_BANNER: '0' } })).toMatchObject({ stderr: '' });
  });

  it('prints on a terminal, but not with an IPC channel', async () => {
    const { OTEL_EXPORTER_PROMETHEUS_PORT } = await environment();
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT, FAKE_TERMINAL: '1' };
    const args = ['--require', './fake-terminal.cjs', '--import', REGISTER, 'children.mjs', 'alone'];
    expect((await runProgram({ args, env })).stderr).toMatch(LINE);
    expect((await runProgram({ args, env, ipc: true })).stderr).toBe('');
  });

  it('is not a package manager that only hands NODE_OPTIONS on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonde-tool-'));
    try {
      const npm = join(folder, 'npm');
      symlinkSync(join(FIXTURES, 'untouched.cjs'), npm);
      const env = await environment({ NODE_OPTIONS: `--require ${REGISTER}` });
      expect(await runProgram({ args: [npm], env })).toEqual({
        code: 0,
        signal: null,
        stdout: 'untouched\n',
        stderr: '',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
