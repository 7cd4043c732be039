/**
 * The load: visitors of the sample shop, in a process of their own. Arrivals are random (Poisson) and do not wait for
 * answers, so a stall is felt by everybody who comes while it lasts. Faults are started from here and written down as
 * they happen; stdout carries one JSON object a line (protocol.ts).
 *
 *   node src/load/main.ts --target http://127.0.0.1:3000 --data DIR --seconds 90 --seed 7 --rate 120 --faults slow-file
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRandom } from '../random.ts';
import { createBaskets } from './baskets.ts';
import { createClient } from './client.ts';
import { planFaults } from './faults.ts';
import { createInjector } from './injector.ts';
import { FAULT_KINDS, type FaultKind, type LoadMessage } from './protocol.ts';
import { nextRequest, SESSION_SHARE } from './requests.ts';
import { canMakeFifo } from './slow-file.ts';
import { createTally } from './tally.ts';

const MOST_IN_FLIGHT = 400;
const PROGRESS_MS = 1_000;
const LAST_ANSWERS_MS = 10_000;
const ENDED_BY_SIGNAL = 143;

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'http://127.0.0.1:3000' },
    data: { type: 'string', default: '.' },
    seconds: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '120' },
    /** Kinds of faults, separated by commas. */
    faults: { type: 'string', default: FAULT_KINDS.join() },
  },
});

/** Those asked for that this machine can have. */
function faultKinds(): ReadonlySet<FaultKind> {
  const wanted = values.faults.split(',');
  const hasFifos = canMakeFifo(values.data);
  return new Set(
    FAULT_KINDS.filter(
      (kind) => wanted.includes(kind) && (hasFifos || !['slow-file', 'slow-filesystem'].includes(kind)),
    ),
  );
}

function print(message: LoadMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function main(): Promise<void> {
  const totalMs = Number(values.seconds) * 1_000;
  const random = createRandom(Number(values.seed));
  const client = createClient(values.target);
  const tally = createTally();
  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  let shed = 0;

  const baskets = createBaskets(Number(values.rate) * SESSION_SHARE);
  const injector = createInjector({
    client,
    tally,
    baskets,
    dataDir: values.data,
    random: createRandom(Number(values.seed) + 1),
    report: print,
  });
  const faults = planFaults(createRandom(Number(values.seed) + 2), totalMs, faultKinds());
  const underWay = faults.map(async (fault, id) => {
    await sleep(fault.atMs);
    await injector.inject(fault, id);
  });
  const ticker = setInterval(() => print({ type: 'progress', ...tally.progress(elapsed()) }), PROGRESS_MS);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(ENDED_BY_SIGNAL));
  // Whoever read this is gone.
  process.stdout.on('error', () => process.exit(ENDED_BY_SIGNAL));
  process.once('exit', () => injector.releaseAll());

  let dueMs = 0;
  for (;;) {
    dueMs += (-Math.log(1 - random()) * 1_000) / Number(values.rate);
    if (dueMs >= totalMs) break;
    const earlyMs = dueMs - elapsed();
    if (earlyMs > 0) await sleep(earlyMs);
    const planned = baskets.alter(nextRequest(random));
    if (tally.inFlight >= MOST_IN_FLIGHT) {
      shed++;
      continue;
    }
    tally.sent(planned);
    void client.send(planned).then((answer) => tally.answered(planned, answer));
  }

  await Promise.all(underWay);
  const giveUpMs = elapsed() + LAST_ANSWERS_MS;
  while (tally.inFlight > 0 && elapsed() < giveUpMs) await sleep(20);
  clearInterval(ticker);
  client.close();
  print({ type: 'summary', elapsedMs: elapsed(), shed, routes: tally.routes() });
}

void main();
