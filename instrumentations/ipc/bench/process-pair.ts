/**
 * The sending end: a process with a child of the same mode. A round sends messages in the contexts of requests that are
 * not sampled, ten in each, and answers with the CPU time that sender and receiver took for one, in ns. Arguments: mode,
 * serialisation, and `single` if each message is to be sent back before the next one is sent.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Context, context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { serveRounds } from '../../../benchmarks/child.ts';
import { carryByHand } from './contexts-in-envelopes.ts';
import { MESSAGE, type Mode, setUp } from './process-world.ts';

const BURST = 10;
const [, , mode = 'on', serialization = 'json', shape = 'burst'] = process.argv;
const isSingle = shape === 'single';
/** Of which as many again come back. */
const MESSAGES = isSingle ? 10_000 : 20_000;

setUp(mode as Mode);
const peer = fork(fileURLToPath(new URL('./process-peer.ts', import.meta.url)), [mode, shape], {
  serialization: serialization as 'json',
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
});
if (mode === 'contexts alone') carryByHand(peer);

async function peerMicros(): Promise<number> {
  const answered = once(peer, 'message');
  peer.send('tell');
  const [{ micros }] = (await answered) as [{ readonly micros: number }];
  return micros;
}

let requests = 0;

/** The context of one request. */
function nextContext(): Context {
  requests += 1;
  const traceId = requests.toString(16).padStart(32, '0');
  const spanContext = { traceId, spanId: '00f067aa0ba902b7', traceFlags: TraceFlags.NONE };
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** The work of one request: some messages in its context. */
function burst(): boolean {
  return context.with(nextContext(), () => {
    let isFlowing = true;
    for (let i = 0; i < BURST; i++) isFlowing = peer.send(MESSAGE);
    return isFlowing;
  });
}

async function sendBursts(): Promise<void> {
  for (let sent = 0; sent < MESSAGES; sent += BURST) if (!burst()) await turn();
}

/** Each message when the one before has come back, in the context of a request, not in that of the answer. */
function sendSingly(): Promise<void> {
  return new Promise((resolve) => {
    let answered = 0;
    let active = nextContext();
    const send = (): void => {
      if (answered % BURST === 0) active = nextContext();
      context.with(active, () => peer.send(MESSAGE));
    };
    const onAnswer = (): void => {
      answered += 1;
      if (answered < MESSAGES) send();
      else {
        peer.off('message', onAnswer);
        resolve();
      }
    };
    peer.on('message', onAnswer);
    send();
  });
}

async function round(): Promise<number> {
  const peerBefore = await peerMicros();
  const before = process.cpuUsage();
  await (isSingle ? sendSingly() : sendBursts());
  const peerAfter = await peerMicros();
  const { user, system } = process.cpuUsage(before);
  return ((user + system + peerAfter - peerBefore) * 1000) / (isSingle ? 2 * MESSAGES : MESSAGES);
}

for (let i = 0; i < 3; i++) await round();
serveRounds(round);
