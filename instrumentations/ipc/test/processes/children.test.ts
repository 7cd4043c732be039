import { IMPORTED, REQUIRED, runForJson, SOURCE } from './fixtures/run.ts';

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
}

interface Report {
  readonly inside: Readonly<Record<string, string>>;
  readonly outside: Readonly<Record<string, string>>;
  readonly inherited: string;
  readonly kept: string;
  readonly failed: readonly string[];
  readonly missing: string;
  readonly started: Readonly<Record<'atStart' | 'afterAwait' | 'explicit' | 'serving' | 'traceId', string>>;
  readonly listeners: readonly number[];
  readonly isUnchanged: boolean;
  readonly own: { readonly traceId: string; readonly spanId: string; readonly active: string };
  readonly spans: readonly Span[];
  readonly metrics: Readonly<
    Record<string, readonly { attributes: Readonly<Record<string, unknown>>; value: number; sum: number }[]>
  >;
  readonly events: readonly { readonly name: string }[];
  readonly dropped: Readonly<Record<string, number>>;
}

const STARTED_IN = '00-11111111111111111111111111111111-2222222222222222-01';
const CLIENT = 2;

function total(report: Report, metric: string, attributes: Readonly<Record<string, unknown>>): number {
  const points = report.metrics[metric] ?? [];
  const fits = points.filter((point) =>
    Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
  );
  return fits.reduce((sum, { value }) => sum + value, 0);
}

describe.each([
  ['--import', IMPORTED],
  ['--require', REQUIRED],
])('children of a process with Sonde by %s', (_, execArgv) => {
  let report: Report;
  let bare: Report;
  beforeAll(async () => {
    const env = { TRACEPARENT: STARTED_IN };
    [report, bare] = await Promise.all([
      runForJson<Report>('children.ts', [], { execArgv, env }),
      runForJson<Report>('children.ts', [], { execArgv: SOURCE, env }),
    ]);
  });

  it('are told the active trace and baggage in their environment, whichever way they are started', () => {
    const { pairs, ...ways } = report.inside;
    expect(pairs).toBe('["OWN=direct","TRACEPARENT=old"]');
    for (const [way, told] of Object.entries(ways)) {
      const [traceparent, tracestate, baggage, own] = told.split('|');
      expect([way, traceparent?.slice(0, 35)]).toEqual([way, `00-${report.own.traceId}`]);
      expect([tracestate, baggage, own]).toEqual(['', 'tenant=a%20b', way === 'direct' ? 'direct' : 'own']);
    }
    expect(report.isUnchanged).toBe(true);
  });

  it('have a span from their start to their exit, and it is the parent of what they do', () => {
    const spans = report.spans.filter(({ name }) => name.startsWith('spawn '));
    const inside = spans.filter(({ parentId }) => parentId === report.own.spanId);
    // Ten ways, and the fork.
    expect(inside).toHaveLength(11);
    const ids = Object.entries(report.inside)
      .filter(([way]) => way !== 'pairs')
      .map(([, told]) => told.slice(36, 52));
    expect(new Set(inside.map(({ spanId }) => spanId))).toEqual(
      new Set([...ids, report.started.atStart.split('-')[1] ?? '']),
    );
    const shell = inside.find(({ name }) => name === 'spawn sh');
    expect(shell).toMatchObject({
      kind: CLIENT,
      attributes: { 'process.executable.name': 'sh', 'process.exit.code': 0, 'process.pid': expect.any(Number) },
    });
  });

  it('do not inherit the trace that this process was started in where none is active', () => {
    expect(report.inherited).toBe('|||');
  });

  it('keep what the application gave them where no trace is active', () => {
    expect(report.kept).toBe('mine|mine||own');
  });

  it('belong to the trace that this process was started in where its main script has none of its own', () => {
    for (const way of ['spawn', 'exec', 'execFileSync']) {
      expect(report.outside[way]?.startsWith(`00-${STARTED_IN.slice(3, 35)}`)).toBe(true);
    }
  });

  it('start in the trace of their parent, until they begin to serve', () => {
    const { atStart, afterAwait, explicit, serving, traceId } = report.started;
    expect(atStart).toContain(report.own.traceId);
    expect(afterAwait).toBe(atStart);
    expect(traceId).toBe(report.own.traceId);
    expect(explicit).toBe('none');
    expect(serving).toBe('none');
  });

  it('fail as they fail without Sonde', () => {
    expect(report.failed).toEqual(bare.failed);
    expect(report.missing).toBe('ENOENT');
  });

  it('are counted: started, failed, running, ended', () => {
    expect(
      total(report, 'sonde.ipc.child.started', { 'process.executable.name': 'at-all', 'error.type': 'ENOENT' }),
    ).toBe(3);
    expect(total(report, 'sonde.ipc.child.exited', { 'process.executable.name': 'sh', 'process.exit.code': 3 })).toBe(
      1,
    );
    expect(total(report, 'sonde.ipc.child.exited', { 'sonde.ipc.child.signal': 'SIGKILL' })).toBe(1);
    expect(total(report, 'sonde.ipc.child.exited', { 'sonde.ipc.child.signal': 'SIGTERM' })).toBe(1);
    expect(total(report, 'sonde.ipc.child.running', {})).toBe(0);
    const ended = total(report, 'sonde.ipc.child.exited', {});
    expect(total(report, 'sonde.ipc.child.duration', {})).toBe(ended);
    expect(report.dropped).toEqual({});
  });

  it('are told of when they could not be started or failed, not when this process ended them', () => {
    const names = report.events.map(({ name }) => name).filter((name) => name.startsWith('sonde.ipc.child'));
    expect(names.filter((name) => name === 'sonde.ipc.child_not_started').length).toBeGreaterThan(0);
    // Exit code 3, and SIGKILL by its own hand.
    expect(names.filter((name) => name === 'sonde.ipc.child_failed')).toHaveLength(2);
  });

  it('have sockets with no listener but those of the application', () => {
    expect(report.listeners).toHaveLength(8);
    expect(report.listeners).toEqual(bare.listeners);
  });

  it('have pipes that are counted, and so have unix sockets', () => {
    const unix = { 'network.transport': 'unix' };
    const server = { ...unix, 'sonde.ipc.connection.role': 'server' };
    expect(total(report, 'sonde.ipc.connections', server)).toBe(1);
    expect(total(report, 'sonde.ipc.connection.io', { ...server, 'network.io.direction': 'transmit' })).toBe(1000);
    expect(total(report, 'sonde.ipc.connection.io', { ...server, 'network.io.direction': 'receive' })).toBe(10);
    const client = { ...unix, 'sonde.ipc.connection.role': 'client' };
    expect(total(report, 'sonde.ipc.connections', { ...client, 'error.type': 'ENOENT' })).toBe(1);
    expect(total(report, 'sonde.ipc.connection.io', { ...client, 'network.io.direction': 'receive' })).toBe(1000);
    const stdio = { 'network.transport': 'pipe', 'sonde.ipc.connection.role': 'stdio' };
    expect(total(report, 'sonde.ipc.connections', stdio)).toBeGreaterThan(20);
    expect(total(report, 'sonde.ipc.connections.open', {})).toBe(0);
    expect(total(report, 'sonde.ipc.connection.io', { ...stdio, 'network.io.direction': 'receive' })).toBeGreaterThan(
      100,
    );
  });
});
