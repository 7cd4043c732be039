import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { createCgroupSource } from '../src/cgroup-source.ts';
import { OperatingSystem } from '../src/operating-system.ts';
import { createPressureSource } from '../src/pressure-source.ts';
import { Growth } from '../src/system-source.ts';
import { ThrottledTime } from '../src/throttled-time.ts';

/** Instruments that note what their handles are given: counters add up, gauges keep the last value. */
function instruments() {
  const seen: Record<string, number> = {};
  const instrument = (name: string) => ({
    bind(attributes: Readonly<Record<string, unknown>> = {}) {
      const key = [name, ...Object.values(attributes)].join(' ');
      const add = (value: number): void => {
        seen[key] = (seen[key] ?? 0) + value;
      };
      const set = (value: number): void => {
        seen[key] = value;
      };
      return { add, set, advanceTo: set };
    },
  });
  const all = new Proxy({}, { get: (_, name) => instrument(String(name)) });
  return { seen, all: all as never };
}

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sonde-system-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const pressure = (some: number, full: number): string =>
  `some avg10=0.00 avg60=0.00 avg300=0.00 total=${some}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=${full}\n`;

describe('pressure', () => {
  const source = (all: never) =>
    createPressureSource({
      instrument: (all as { pressureTime: never }).pressureTime,
      source: 'cgroup',
      path: (resource) => join(root, `${resource}.pressure`),
      what: 'pressure',
    });

  test('is told from the first reading on, for the resources that are there', () => {
    const { seen, all } = instruments();
    write('cpu.pressure', pressure(9_000_000, 0));
    write('memory.pressure', pressure(1_000, 500));
    const system = source(all);
    system.observe();
    expect(Object.values(seen).every((value) => value === 0)).toBe(true);
    write('cpu.pressure', pressure(9_500_000, 0));
    write('memory.pressure', pressure(2_000, 1_500));
    system.observe();
    expect(seen).toEqual({
      'pressureTime cpu some cgroup': 0.5,
      'pressureTime cpu full cgroup': 0,
      'pressureTime memory some cgroup': 0.001,
      'pressureTime memory full cgroup': 0.001,
    });
    system.close();
  });

  test('that is not there at all is an error, which the caller says once', () => {
    expect(() => source(instruments().all).observe()).toThrow(/ENOENT/);
  });

  test('that cannot be read any more is an error too', () => {
    write('cpu.pressure', pressure(1, 1));
    const system = source(instruments().all);
    system.observe();
    system.close();
    rmSync(join(root, 'cpu.pressure'));
    expect(() => system.observe()).toThrow(/ENOENT/);
  });
});

describe('the quota of cgroup v2, from a tree of files', () => {
  const locate = () => ({ version: 2 as const, directories: [join(root, 'pod/app'), join(root, 'pod'), root] });
  const stat = (periods: number, throttled: number, micros: number): string =>
    `usage_usec 1\nnr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_usec ${micros}\n`;

  test('its limit, and what was throttled since the first reading', () => {
    const { seen, all } = instruments();
    write('pod/app/cpu.max', 'max 100000\n');
    write('pod/cpu.max', '150000 100000\n');
    write('pod/cpu.stat', stat(1_000, 100, 5_000_000));
    const source = createCgroupSource({ instruments: all, locate });
    source.observe();
    expect(seen).toEqual({
      cgroupCpuLimit: 1.5,
      cgroupCpuPeriods: 0,
      cgroupCpuThrottledPeriods: 0,
      cgroupCpuThrottledTime: 0,
    });
    write('pod/cpu.stat', stat(1_010, 104, 5_250_000));
    source.observe();
    expect(seen).toMatchObject({ cgroupCpuPeriods: 10, cgroupCpuThrottledPeriods: 4, cgroupCpuThrottledTime: 0.25 });
    // A tighter quota further in: its totals are others.
    write('pod/app/cpu.max', '50000 100000\n');
    write('pod/app/cpu.stat', stat(7, 7, 7_000_000));
    source.observe();
    expect(seen).toMatchObject({ cgroupCpuLimit: 0.5, cgroupCpuPeriods: 10, cgroupCpuThrottledTime: 0.25 });
    write('pod/app/cpu.stat', stat(9, 8, 8_000_000));
    source.observe();
    expect(seen).toMatchObject({ cgroupCpuPeriods: 12, cgroupCpuThrottledPeriods: 5, cgroupCpuThrottledTime: 1.25 });
    source.close();
  });

  test('for how long they were throttled in all, and nothing where there are none', () => {
    write('pod/app/cpu.stat', stat(7, 7, 7_000_000));
    write('pod/cpu.stat', stat(1_000, 100, 5_000_000));
    const throttled = new ThrottledTime(locate);
    expect(throttled.readMs()).toBe(12_000);
    write('pod/cpu.stat', 'usage_usec 1\n');
    expect(throttled.readMs()).toBe(7000);
    throttled.close();
    expect(new ThrottledTime(() => undefined).readMs()).toBe(0);
    const failing = new ThrottledTime(() => {
      throw new Error('no /proc here');
    });
    expect(failing.readMs()).toBe(0);
  });

  test('without a quota nothing is told, and without a controller it is an error', () => {
    const { seen, all } = instruments();
    write('pod/app/cpu.max', 'max 100000\n');
    createCgroupSource({ instruments: all, locate }).observe();
    expect(seen).toEqual({});
    const without = createCgroupSource({ instruments: all, locate: () => undefined });
    expect(() => without.observe()).toThrow('no cpu controller is mounted');
  });
});

describe('other systems', () => {
  const { platform } = process;
  const said: string[] = [];
  beforeEach(() => {
    const keep = (message: string): void => {
      said.push(message);
    };
    diag.setLogger({ error: keep, warn: keep, info: keep, debug: keep, verbose: keep }, DiagLogLevel.INFO);
  });
  afterEach(() => {
    Object.defineProperty(process, 'platform', { value: platform });
    diag.disable();
    said.length = 0;
  });

  test.each([
    ['darwin', 2],
    ['win32', 0],
  ])('%s has no /proc, which is said once; context switches: %p series', (name, series) => {
    Object.defineProperty(process, 'platform', { value: name });
    const { seen, all } = instruments();
    const facts = () => ({ pid: process.pid, v8PoolSize: 4, workerTids: new Set<number>(), watcherTid: 0 });
    const system = new OperatingSystem({ instruments: all, maxThreads: 64, facts });
    system.observe();
    system.observe();
    expect(Object.keys(seen)).toHaveLength(series);
    expect(said.filter((message) => message.includes('has no /proc'))).toHaveLength(1);
    system.close();
  });
});

test('the growth of a total begins with its first value and never goes back', () => {
  const growth = new Growth();
  expect([100, 130, 130, 5, 9].map((total) => growth.to(total))).toEqual([0, 30, 0, 0, 4]);
});
