/**
 * A process that does nothing but emit events, a hundred every ten milliseconds, or the same timer without emitting;
 * prints the share of one core that it used.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventStream, Severity } from '@sonde/event-stream';

const PER_TICK = 100;
const TICK_MS = 10;
const WARMUP_MS = 1_000;
const MEASURED_MS = 4_000;

const doesEmit = process.argv[2] === 'emit';
const event = eventStream().event({
  name: 'benchmark.http.tick',
  category: 'process',
  severity: Severity.INFO,
  description: 'Emitted as fast as the benchmark asks for.',
  value: { key: 'benchmark.value', description: 'A counter.' },
});

let emitted = 0;
function tick(): void {
  for (let i = 0; i < PER_TICK; i++) {
    if (doesEmit) event.emit(undefined, i);
    emitted++;
  }
}

async function main(): Promise<void> {
  // Catches up after a late timer, so that the rate is what it says.
  const start = performance.now();
  const timer = setInterval(() => {
    while (emitted < ((performance.now() - start) / TICK_MS) * PER_TICK) tick();
  }, TICK_MS);
  await sleep(WARMUP_MS);
  const before = process.cpuUsage();
  const from = performance.now();
  const emittedBefore = emitted;
  await sleep(MEASURED_MS);
  const { user, system } = process.cpuUsage(before);
  const elapsedMs = performance.now() - from;
  clearInterval(timer);
  process.stdout.write(
    `${JSON.stringify({ share: (user + system) / 1_000 / elapsedMs, perSecond: ((emitted - emittedBefore) * 1_000) / elapsedMs })}\n`,
  );
}

void main();
