/**
 * The sending end: a process with a child of the same mode. A round sends messages in the contexts of requests that are
 * not sampled, ten in each, and answers with the CPU time that sender and receiver took for one, in ns. Arguments: mode,
 * serialisation.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { serveRounds } from '../../../benchmarks/child.ts';
import { encloseContexts } from './contexts-in-envelopes.ts';
import { MESSAGE, type Mode, setUp } from './process-world.ts';

const MESSAGES = 20_000;
const BURST = 10;
const [, , mode = 'on', serialization = 'json'] = process.argv;

setUp(mode as Mode);
const peer = fork(fileURLToPath(new URL('./process-peer.ts', import.meta.url)), [mode], {
  serialization: serialization as 'json',
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
});
if (mode === 'contexts alone') encloseContexts(peer);

async function peerMicros(): Promise<number> {
  const answered = once(peer, 'message');
  peer.send('tell');
  const [{ micros }] = (await answered) as [{ readonly micros: number }];
  return micros;
}

let requests = 0;

/** The work of one request: some messages in its context. */
function request(): boolean {
  requests += 1;
  const traceId = requests.toString(16).padStart(32, '0');
  const spanContext = { traceId, spanId: '00f067aa0ba902b7', traceFlags: TraceFlags.NONE };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), () => {
    let isFlowing = true;
    for (let i = 0; i < BURST; i++) isFlowing = peer.send(MESSAGE);
    return isFlowing;
  });
}

async function round(): Promise<number> {
  const peerBefore = await peerMicros();
  const before = process.cpuUsage();
  for (let sent = 0; sent < MESSAGES; sent += BURST) if (!request()) await turn();
  const peerAfter = await peerMicros();
  const { user, system } = process.cpuUsage(before);
  return ((user + system + peerAfter - peerBefore) * 1000) / MESSAGES;
}

for (let i = 0; i < 3; i++) await round();
serveRounds(round);
