import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import type { Point } from '../../../test/fixtures/collect.ts';
import { canBeNobody, isRoot, NOBODY_UID } from '../../../test/fixtures/nobody.ts';
import { TELEMETRY } from '../src/semantic-names.ts';
import { type RunOptions, runForJson } from './fixtures/run-program.ts';

type Metrics = Readonly<Record<string, Point[]>>;

interface Printed {
  readonly before: Metrics;
  readonly after: Metrics;
  readonly messages: string[];
  readonly dropped: Readonly<Record<string, number>>;
}

const run = (mode: 'hot' | 'plain', options: RunOptions = {}) =>
  runForJson<Printed>('metrics-program.ts', [mode], {
    ...options,
    execArgv: ['--expose-gc', ...(options.execArgv ?? [])],
  });

const isLinux = process.platform === 'linux';

const CPU_HIERARCHY = '/sys/fs/cgroup/cpu';
const GROUP = `${CPU_HIERARCHY}/sonde-test-${process.pid}`;
const canMakeGroup = isRoot && existsSync(`${CPU_HIERARCHY}/cpu.cfs_quota_us`);

function makeGroup(): void {
  mkdirSync(GROUP);
  writeFileSync(`${GROUP}/cpu.cfs_period_us`, '10000');
  writeFileSync(`${GROUP}/cpu.cfs_quota_us`, '5000');
}

let hot: Promise<Printed>;
let plain: Promise<Printed>;
let restricted: Promise<Printed>;
let unprivileged: Promise<Printed>;
let throttled: Promise<Printed> | undefined;
beforeAll(async () => {
  hot = run('hot');
  plain = run('plain');
  await Promise.allSettled([hot, plain]);
  restricted = run('hot', { execArgv: ['--permission', `--allow-fs-read=${process.cwd()}/*`, '--allow-worker'] });
  unprivileged = run('hot', { env: isRoot ? { RUN_AS_UID: String(NOBODY_UID) } : {} });
  if (canMakeGroup) {
    makeGroup();
    throttled = run('hot', { env: { JOIN_CGROUP: GROUP } });
  }
  await Promise.allSettled([restricted, unprivileged, throttled]);
});

afterAll(() => {
  if (canMakeGroup) rmdirSync(GROUP);
});

function points(metrics: Metrics, name: string, attributes: Readonly<Record<string, unknown>> = {}): Point[] {
  const wanted = Object.entries(attributes);
  return (metrics[name] ?? []).filter((point) => wanted.every(([key, value]) => point.attributes[key] === value));
}

function sum(metrics: Metrics, name: string, attributes?: Readonly<Record<string, unknown>>): number {
  return points(metrics, name, attributes).reduce((total, point) => total + point.sum, 0);
}

const MODES = [
  ['through a producer of hot metrics', () => hot],
  ['through ordinary instruments', () => plain],
] as const;

describe.each(MODES)('%s', (_, printed) => {
  test('every attribute and metric that comes out is in the table', async () => {
    const { after } = await printed();
    const table = Object.values(TELEMETRY.metrics);
    for (const [name, data] of Object.entries(after)) {
      if (name === 'sonde.hot_metrics.collection') continue;
      const metric = table.find((one) => one.name === name);
      expect([name, metric?.name]).toEqual([name, name]);
      for (const { attributes } of data) {
        expect([...(metric?.attributes ?? [])].sort()).toEqual(expect.arrayContaining(Object.keys(attributes)));
      }
    }
  });

  test('nothing failed and nothing was said', async () => {
    const { messages, dropped } = await printed();
    expect({ messages, dropped }).toEqual({ messages: [], dropped: {} });
  });

  test('the loop: time, turns and delay', async () => {
    const { before, after } = await printed();
    const state = 'nodejs.eventloop.state';
    for (const value of ['active', 'idle']) {
      expect(sum(after, 'nodejs.eventloop.time', { [state]: value })).toBeGreaterThan(
        sum(before, 'nodejs.eventloop.time', { [state]: value }),
      );
    }
    const turns = points(after, 'sonde.scheduler.eventloop.turn.duration')[0] as Point;
    expect(turns.attributes).toEqual({ 'sonde.thread.role': 'main' });
    expect(turns.value).toBeGreaterThan(5);
    expect(turns.sum).toBeGreaterThan(0.12);
    expect(sum(after, 'sonde.scheduler.eventloop.iterations')).toBeGreaterThan(5);
    expect(sum(after, 'nodejs.eventloop.delay.max')).toBeGreaterThan(0.1);
    expect(sum(after, 'nodejs.eventloop.delay.p50')).toBeLessThan(0.1);
    const utilization = sum(after, 'nodejs.eventloop.utilization');
    expect(utilization > 0 && utilization <= 1).toBe(true);
  });

  test('garbage collections, by kind', async () => {
    const { after } = await printed();
    expect(points(after, 'v8js.gc.duration', { 'v8js.gc.type': 'major' })[0]?.value).toBeGreaterThanOrEqual(3);
  });

  test('the pool: 12 derivations on 4 threads had to wait', async () => {
    const { before, after } = await printed();
    const duration = 'sonde.scheduler.pool.operation.duration';
    expect(points(after, duration, { 'sonde.pool.operation': 'pbkdf2' })[0]?.value).toBe(12);
    expect(points(after, duration, { 'sonde.pool.operation': 'zlib' })[0]?.value).toBeGreaterThanOrEqual(1);
    expect(sum(after, 'sonde.scheduler.pool.size')).toBe(4);
    expect(sum(after, 'sonde.scheduler.pool.in_flight')).toBe(0);
    expect(sum(after, 'sonde.scheduler.pool.operations')).toBeGreaterThanOrEqual(13);
    const saturated = sum(after, 'sonde.scheduler.pool.saturated.time');
    expect(saturated).toBeGreaterThan(sum(before, 'sonde.scheduler.pool.saturated.time'));
    expect(sum(after, 'sonde.scheduler.pool.queue.time')).toBeGreaterThan(0);
    expect(sum(after, 'sonde.scheduler.pool.wait')).toBeGreaterThan(0);
    expect(points(after, 'sonde.scheduler.pool.probe.duration')[0]?.value).toBeGreaterThanOrEqual(1);
  });

  (isLinux ? test : test.skip)('the threads: CPU time, run queue and number, by role', async () => {
    const { before, after } = await printed();
    const role = 'sonde.thread.role';
    for (const name of ['main', 'libuv', 'v8']) {
      expect([name, points(after, 'sonde.scheduler.threads', { [role]: name }).length]).toEqual([name, 1]);
    }
    expect(sum(after, 'sonde.scheduler.threads', { [role]: 'libuv' })).toBe(4);
    expect(sum(after, 'sonde.scheduler.threads', { [role]: 'sonde' })).toBe(1);
    expect(sum(after, 'sonde.scheduler.thread.cpu.time', { [role]: 'libuv' })).toBeGreaterThan(0.02);
    const mainGrowth =
      sum(after, 'sonde.scheduler.thread.cpu.time', { [role]: 'main' }) -
      sum(before, 'sonde.scheduler.thread.cpu.time', { [role]: 'main' });
    const mainWait =
      sum(after, 'sonde.scheduler.thread.run_queue.time', { [role]: 'main' }) -
      sum(before, 'sonde.scheduler.thread.run_queue.time', { [role]: 'main' });
    expect(mainGrowth + mainWait).toBeGreaterThan(0.1);
    expect(sum(after, 'sonde.scheduler.thread.slices')).toBeGreaterThan(10);
  });

  (process.platform === 'win32' ? test.skip : test)('context switches of both kinds', async () => {
    const { after } = await printed();
    const type = 'process.context_switch.type';
    expect(sum(after, 'process.context_switches', { [type]: 'voluntary' })).toBeGreaterThan(10);
    expect(points(after, 'process.context_switches', { [type]: 'involuntary' })).toHaveLength(1);
  });
});

function hasPressure(): boolean {
  try {
    return readFileSync('/proc/pressure/cpu', 'utf8').startsWith('some');
  } catch {
    return false;
  }
}

(hasPressure() ? test : test.skip)('the pressure of the machine, from the first reading on', async () => {
  const { before, after } = await hot;
  const ofMachine = points(after, 'sonde.scheduler.pressure.time', { 'sonde.pressure.source': 'system' });
  expect(new Set(ofMachine.map(({ attributes }) => attributes['sonde.pressure.resource']))).toEqual(
    new Set(['cpu', 'io', 'memory']),
  );
  expect(sum(before, 'sonde.scheduler.pressure.time')).toBe(0);
  for (const { value } of ofMachine) expect(value >= 0 && value < 60).toBe(true);
});

(canMakeGroup ? test : test.skip)('a CPU quota of cgroup v1 and its throttling', async () => {
  const { before, after } = (await throttled) as Printed;
  expect(sum(after, 'sonde.scheduler.cgroup.cpu.limit')).toBe(0.5);
  for (const name of ['periods', 'throttled_periods', 'throttled.time']) {
    const metric = `sonde.scheduler.cgroup.cpu.${name}`;
    expect([name, sum(before, metric)]).toEqual([name, 0]);
    expect([name, sum(after, metric) > 0]).toEqual([name, true]);
  }
});

(isLinux ? test : test.skip)('without permission for /proc the rest is measured, and it is said once', async () => {
  const { after, messages } = await restricted;
  expect(sum(after, 'sonde.scheduler.pool.operations')).toBeGreaterThanOrEqual(12);
  expect(points(after, 'process.context_switches')).toHaveLength(2);
  expect(after['sonde.scheduler.thread.cpu.time']).toBeUndefined();
  expect(messages.filter((message) => message.includes('keeps Sonde from reading /proc'))).toHaveLength(1);
  expect(new Set(messages).size).toBe(messages.length);
});

(isLinux && (canBeNobody || !isRoot) ? test : test.skip)('an unprivileged user sees the same', async () => {
  const { after, messages, dropped } = await unprivileged;
  expect(dropped).toEqual({});
  expect(messages).toEqual([]);
  expect(sum(after, 'sonde.scheduler.thread.cpu.time')).toBeGreaterThan(0);
  expect(sum(after, 'sonde.scheduler.pool.operations')).toBeGreaterThanOrEqual(12);
});
