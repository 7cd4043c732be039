import { freePort, REGISTER, runProgram } from './program.ts';
import { type Sink, type SinkMode, startSink } from './sink.ts';

const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  SIGTERM: 'SIGTERM',
  SIGINT: 'SIGINT',
  listener: 'SIGTERM',
  exitInListener: 'SIGTERM',
  ignore: 'SIGINT',
  signalExit: 'SIGTERM',
};
const WAYS = ['return', 'exitCode', 'exit', 'throw', 'reject', 'unsettled', 'lateWork', ...Object.keys(SIGNALS)];
/** Ways that leave the loop a turn: what is pending can be delivered. */
const DELIVERING = [
  'return',
  'exitCode',
  'unsettled',
  'lateWork',
  'SIGTERM',
  'SIGINT',
  'listener',
  'ignore',
  'signalExit',
];

function end(way: string, flags: readonly string[], env: Readonly<Record<string, string>>) {
  const signal = SIGNALS[way];
  return runProgram({
    args: [...flags, 'exits.mjs', way],
    // A busy machine makes any read slow, and a slow one a span.
    env: { ...env, SONDE_SLOW_THRESHOLD_MS: '3600000' },
    onLine(line, kill) {
      if (line === 'ready' && signal !== undefined) kill(signal);
    },
  });
}

describe('a program with the preload', () => {
  let sink: Sink | undefined;
  const start = async (mode?: SinkMode): Promise<Sink> => {
    sink = await startSink(mode);
    return sink;
  };
  afterEach(() => sink?.close());

  it.each(WAYS)('ends as it would by itself: %s', async (way) => {
    const { env, spans } = await start();
    const [bare, preloaded] = await Promise.all([end(way, [], {}), end(way, ['--import', REGISTER], env)]);
    expect(preloaded).toEqual(bare);
    if (DELIVERING.includes(way)) expect(spans.map(({ name }) => name).sort()).toEqual(['work 0', 'work 1', 'work 2']);
  });

  it.each(['return', 'SIGTERM', 'lateWork'])('ends as it would where nobody listens: %s', async (way) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`, SONDE_PROMETHEUS: '0' };
    const [bare, preloaded] = await Promise.all([end(way, [], {}), end(way, ['--import', REGISTER], env)]);
    expect(preloaded).toEqual(bare);
  });

  it.each([
    ['silent', 'return'],
    ['silent', 'SIGINT'],
    ['unavailable', 'return'],
    ['unavailable', 'SIGTERM'],
  ] as const)('ends although the collector is %s: %s', async (mode, way) => {
    const { env, requests } = await start(mode);
    const [bare, preloaded] = await Promise.all([end(way, [], {}), end(way, ['--import', REGISTER], env)]);
    expect(preloaded).toEqual(bare);
    expect(requests).toContain('/v1/traces');
  });

  it.each(['silent', 'unavailable'] as const)('ends after shutdown() although the collector is %s', async (mode) => {
    const { env, requests } = await start(mode);
    const outcome = await runProgram({ args: ['--import', REGISTER, 'shutdown-unheard.mjs'], env });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'shut down\n', stderr: '' });
    expect(requests).toContain('/v1/traces');
  });

  it('ends at the second signal, without waiting for a delivery', async () => {
    const { env } = await start('silent');
    let kills = 0;
    const outcome = await runProgram({
      args: ['--import', REGISTER, 'impatient.mjs'],
      env,
      onLine(line, kill) {
        if (line !== 'ready' && line !== 'asked') return;
        kills += 1;
        kill('SIGINT');
      },
    });
    expect(outcome).toMatchObject({ code: null, signal: 'SIGINT', stderr: '' });
    expect(kills).toBe(2);
  });

  it('delivers what a worker thread recorded', async () => {
    const { env, spans, metrics } = await start();
    const outcome = await runProgram({ args: ['--import', REGISTER, 'worker.mjs'], env });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'worker ended with 0\n', stderr: '' });
    expect(spans.map(({ name }) => name)).toContain('in a worker');
    const reads = metrics
      .filter(({ name }) => name === 'sonde.vfs.operation.duration')
      .flatMap((each) => each.attributes);
    expect(reads.map((each) => each['sonde.vfs.operation'])).toContainEqual(expect.stringMatching(/^readdir/));
  });
});
