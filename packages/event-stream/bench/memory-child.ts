// Fills everything that a main thread's stream can hold, and says by how much the process grew.
import { eventStream, Severity } from '@sonde/event-stream';
import { serveRounds } from '../../../benchmarks/child.ts';

const EVENTS = 70_000;

function residentMegabytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1e6;
}

function fill(): void {
  const stream = eventStream();
  const handle = stream.event({
    name: 'bench.filled',
    category: 'vfs',
    severity: Severity.INFO,
    description: 'One of many.',
    labels: [{ key: 'bench.label', description: 'A label.' }],
    text: { key: 'bench.text', description: 'A text.' },
  });
  for (let i = 0; i < EVENTS; i++) {
    const id = (i + 1).toString(16);
    const context = stream.context(id.padStart(32, '0'), id.padStart(16, '0'));
    handle.emitText({ text: `a text of about sixty-four bytes, which is what a slot may have ${i}`, context });
    stream.name(`name ${i}`);
  }
}

serveRounds(() => {
  const before = residentMegabytes();
  fill();
  return residentMegabytes() - before;
});
