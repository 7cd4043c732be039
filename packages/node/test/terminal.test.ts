import { onWarning, warnOnce } from '@sonde/instrumentation-kit';
import { FOREIGN_SDK_LINE, startUpLine } from '../src/banner.ts';
import { DEFAULTS, PRESETS } from '../src/configuration/presets.ts';
import { Deliveries } from '../src/opentelemetry/deliveries.ts';
import { type ProcessRole, processRole } from '../src/process-role.ts';
import { createTerminal } from '../src/terminal.ts';

const say = (role: ProcessRole, banner: boolean | undefined, isTerminal: boolean, hasChannel = false): string[] => {
  const written: string[] = [];
  const write = (text: string): number => written.push(text);
  const terminal = createTerminal({ role, banner, hasChannel, isTerminal: () => isTerminal, write });
  terminal.announce('line');
  terminal.warn('warning');
  terminal.warn('warning');
  terminal.note('note');
  return written;
};
const ALL = ['sonde: line\n', 'sonde: warning\n', 'sonde: note\n'];

const OPEN = {
  banner: undefined,
  tracesPerSecond: undefined,
  samplingRate: undefined,
  anomalyState: undefined,
} as const;

describe('what is printed', () => {
  it.each([
    ['a main process on a terminal', say('main', undefined, true), ALL],
    ['a main process elsewhere', say('main', undefined, false), ['sonde: warning\n']],
    ['a main process on a terminal with an IPC channel', say('main', undefined, true, true), ['sonde: warning\n']],
    ['a main process told to', say('main', true, false, true), ALL],
    ['a main process told not to', say('main', false, true), []],
    ['a child on a terminal, even told to', say('child', true, true), []],
    ['a worker on a terminal, even told to', say('worker', true, true), []],
    ['a package manager, even told to', say('tool', true, true), []],
  ])('is decided by role, terminal, channel and SONDE_BANNER: %s', (_what, written, expected) => {
    expect(written).toEqual(expected);
  });

  it('is what instrumentations warn of, once', () => {
    const heard: string[] = [];
    const stop = onWarning((message) => heard.push(message));
    warnOnce('node.test', 'something is off');
    warnOnce('node.test', 'something is off');
    stop();
    warnOnce('node.test.after', 'unheard');
    expect(heard).toEqual(['something is off']);
  });

  it('says what is on, where to look, and how to switch it off', () => {
    const options = { ...DEFAULTS, ...PRESETS.production, preset: 'production', ...OPEN } as const;
    const endpoint = { url: 'http://127.0.0.1:9464/metrics' } as never;
    const deliveries = new Deliveries();
    expect(startUpLine({ options, own: { endpoint, deliveries }, file: undefined })).toBe(
      'production preset: http, undici, vfs, scheduler, ipc; sampler production; metrics at http://127.0.0.1:9464/metrics, nothing is sent (OTEL_EXPORTER_OTLP_ENDPOINT names where to); off with OTEL_SDK_DISABLED=true',
    );
    deliveries.exporter('some-exporter', 'SomeExporter');
    expect(
      startUpLine({
        options: { ...options, instrumentations: [] },
        own: { endpoint: undefined, deliveries },
        file: '/srv/sonde.yaml',
      }),
    ).toBe(
      'production preset with /srv/sonde.yaml: no instrumentation; sampler production; sending by OTLP; off with OTEL_SDK_DISABLED=true',
    );
    expect(FOREIGN_SDK_LINE).toMatch(/own OpenTelemetry SDK/);
  });
});

describe('the role of a process', () => {
  const facts = { isMainThread: true, pid: 7, script: '/srv/app.js', environment: {} };
  it.each([
    ['main', facts],
    ['main', { ...facts, script: undefined }],
    ['main', { ...facts, environment: { SONDE_PARENT_PID: '7' } }],
    ['main', { ...facts, environment: { SONDE_PARENT_PID: '' } }],
    ['child', { ...facts, environment: { SONDE_PARENT_PID: '6' } }],
    ['worker', { ...facts, isMainThread: false, environment: { SONDE_PARENT_PID: '7' } }],
    ['tool', { ...facts, script: '/usr/bin/npm' }],
    ['tool', { ...facts, script: '/usr/lib/node_modules/npm/bin/npx-cli.js' }],
    ['tool', { ...facts, script: '/opt/yarn/bin/yarn.js' }],
    ['tool', { ...facts, script: '/opt/pnpm/pnpm.cjs' }],
    ['tool', { ...facts, script: '/srv/node_modules/.bin/nodemon' }],
    ['tool', { ...facts, script: '/usr/lib/node_modules/pm2/lib/Daemon.js' }],
    ['main', { ...facts, script: '/srv/npm-statistics.js' }],
    ['main', { ...facts, script: '/srv/lib/Daemon.js' }],
  ] as const)('is %s by %j', (role, given) => {
    expect(processRole(given)).toBe(role);
  });
});
