import { context, diag, trace } from '@opentelemetry/api';
import { laterVersion, ownApiVersion } from '../../src/coexistence/api-version.ts';
import { GlobalApi, type Registrable, registered } from '../../src/coexistence/global-api.ts';
import { SwitchLoggerProvider } from '../../src/coexistence/switch-logger-provider.ts';
import { SwitchTracerProvider } from '../../src/coexistence/switch-tracer-provider.ts';

const KEY = Symbol.for('opentelemetry.js.api.1');
const globals = globalThis as { [KEY]?: Record<string, unknown> };

/** As the API registers and looks up, in every version from 1.0 to 1.10; see `GlobalApi`. */
function registerAs(version: string, key: string, instance: unknown, mayOverride = false): boolean {
  const registry = globals[KEY] ?? { version };
  globals[KEY] = registry;
  if (!mayOverride && registry[key]) return false;
  if (registry.version !== version) return false;
  registry[key] = instance;
  return true;
}

describe('the registrations of Sonde', () => {
  const ours = { trace: { name: 'our tracers' }, context: { name: 'our contexts' } };
  let foreign: [Registrable, unknown][];
  let api: GlobalApi;

  const start = (version = '1.10.0'): void => {
    api = new GlobalApi({ own: ours, version, onForeign: (key, instance) => foreign.push([key, instance]) });
  };
  beforeEach(() => {
    foreign = [];
    delete globals[KEY];
  });
  afterEach(() => {
    delete globals[KEY];
  });

  it('are found by look-ups', () => {
    start();
    expect(registered('trace')).toBe(ours.trace);
    expect(registered('context')).toBe(ours.context);
    expect(registered('metrics')).toBeUndefined();
    expect(globals[KEY]?.version).toBe('1.10.0');
    expect([...api.own].sort()).toEqual(['context', 'trace']);
  });

  it('make way for one of the application, which is in place when it is told', () => {
    start();
    const theirs = { name: 'their tracers' };
    expect(registerAs('1.10.0', 'trace', theirs)).toBe(true);
    expect(foreign).toEqual([['trace', theirs]]);
    expect(registered('trace')).toBe(theirs);
    expect(registered('context')).toBe(ours.context);
    expect([...api.own]).toEqual(['context']);
  });

  it('keep the application from registering twice, as the API does', () => {
    start();
    expect(registerAs('1.10.0', 'trace', { name: 'first' })).toBe(true);
    expect(registerAs('1.10.0', 'trace', { name: 'second' })).toBe(false);
    expect(registered('context')).toBe(ours.context);
    expect(registered('trace')).toEqual({ name: 'first' });
  });

  it('are plain properties between registrations, and after one that was refused', () => {
    start();
    const isPlain = (): boolean =>
      Object.values(Object.getOwnPropertyDescriptors(globals[KEY] ?? {})).every(({ get }) => get === undefined);
    expect(isPlain()).toBe(true);
    // The test stands in for a copy that is bundled: its version cannot be told.
    expect(registerAs('1.4.0', 'trace', { name: 'theirs' })).toBe(false);
    expect(registered('trace')).toBe(ours.trace);
    expect(isPlain()).toBe(true);
    expect(registerAs('1.4.0', 'diag', {}, true)).toBe(false);
    expect(isPlain()).toBe(true);
    expect(registerAs('1.10.0', 'diag', {}, true)).toBe(true);
    expect(isPlain()).toBe(true);
  });

  it('leave a registry of plain properties when the application has taken everything over', () => {
    start();
    registerAs('1.10.0', 'trace', { name: 'their tracers' });
    registerAs('1.10.0', 'context', { name: 'their contexts' });
    expect(Object.getOwnPropertyDescriptor(globals, KEY)).toMatchObject({ writable: true });
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(globals[KEY] ?? {}))) {
      expect(descriptor.get).toBeUndefined();
    }
  });

  it('are not lost by what else is registered: a diag logger, a signal that Sonde has none of', () => {
    start();
    expect(registerAs('1.10.0', 'diag', {}, true)).toBe(true);
    expect(registerAs('1.10.0', 'metrics', {})).toBe(true);
    expect(registered('context')).toBe(ours.context);
    expect(registered('trace')).toBe(ours.trace);
    expect(foreign).toEqual([]);
  });

  it('are gone when an application disables them, and free for its own', () => {
    start();
    delete globals[KEY]?.trace;
    expect(registered('trace')).toBeUndefined();
    expect(registerAs('1.10.0', 'trace', { name: 'theirs' })).toBe(true);
  });

  it('join a registry that is there already', () => {
    const present = { version: '1.9.0', metrics: { name: 'their metrics' } };
    globals[KEY] = present;
    start();
    expect(registered('metrics')).toBe(present.metrics);
    // The later version: an older copy of the API accepts it, a newer one would refuse an older.
    expect(globals[KEY]?.version).toBe('1.10.0');
  });

  it('are taken away by a release, those of the application are not', () => {
    start();
    const theirs = { name: 'their tracers' };
    registerAs('1.10.0', 'trace', theirs);
    api.release();
    expect(registered('trace')).toBe(theirs);
    expect(registered('context')).toBeUndefined();
    expect(Object.getOwnPropertyDescriptor(globals, KEY)).toMatchObject({ writable: true });
  });

  it('work with the API itself', () => {
    api = new GlobalApi({ own: {}, version: ownApiVersion(), onForeign: () => {} });
    const provider = new SwitchTracerProvider(trace.getTracerProvider());
    trace.setGlobalTracerProvider(provider);
    api = new GlobalApi({
      own: { trace: registered('trace') },
      version: ownApiVersion(),
      onForeign: (key, instance) => foreign.push([key, instance]),
    });
    const errors: unknown[] = [];
    diag.setLogger({ error: (...args) => errors.push(args), warn() {}, info() {}, debug() {}, verbose() {} });
    expect(trace.setGlobalTracerProvider({ getTracer: () => trace.getTracer('x') })).toBe(true);
    expect(context.active()).toBeDefined();
    expect(errors).toEqual([]);
    expect(foreign).toHaveLength(1);
    trace.disable();
    diag.disable();
  });
});

describe('versions of the API', () => {
  it.each([
    ['1.9.0', '1.10.0', '1.10.0'],
    ['1.10.0', '1.9.1', '1.10.0'],
    ['1.9.1', '1.9.0', '1.9.1'],
    ['2.0.0', '1.10.0', '2.0.0'],
    ['1.10.0', '1.10.0-rc.1', '1.10.0'],
  ])('of %s and %s the later is %s', (left, right, later) => {
    expect(laterVersion(left, right)).toBe(later);
  });

  it('tells that of the copy it uses itself', () => {
    expect(ownApiVersion()).toMatch(/^1\.\d+\.\d+/);
  });
});

describe('providers that can be exchanged', () => {
  it('let tracers that were handed out before follow', () => {
    const made: string[] = [];
    const providerOf = (name: string) => ({
      getTracer: (scope: string, version?: string) => ({
        startSpan: (span: string) => made.push(`${name} ${scope} ${version} ${span}`),
        startActiveSpan: (span: string, work: (span: unknown) => unknown) => work(`${name} ${span}`),
      }),
    });
    const provider = new SwitchTracerProvider(providerOf('first') as never);
    const tracer = provider.getTracer('app', '1.0.0');
    tracer.startSpan('a');
    provider.target = providerOf('second') as never;
    tracer.startSpan('b');
    expect(made).toEqual(['first app 1.0.0 a', 'second app 1.0.0 b']);
    expect(tracer.startActiveSpan('c', (span) => span)).toBe('second c');
  });

  it('drop log records while there is no provider, and hand them on as soon as there is one', () => {
    const records: unknown[] = [];
    const provider = new SwitchLoggerProvider();
    const logger = provider.getLogger('app');
    logger.emit('lost');
    expect(logger.enabled?.()).toBe(false);
    provider.target = { getLogger: () => ({ emit: (record) => records.push(record) }) };
    logger.emit('kept');
    expect(logger.enabled?.()).toBe(true);
    provider.target = { getLogger: () => ({ emit() {}, enabled: () => false }) };
    expect(logger.enabled?.()).toBe(false);
    expect(records).toEqual(['kept']);
  });
});
