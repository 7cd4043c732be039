// Fills everything that a main thread's stream can hold, and says how much more memory is held then, shared and on the
// heap. The same work is done on a small stream first, so that what V8 keeps for the code is there before.
import { createEventStream, type EventStream, Severity } from '@sonde/event-stream';
import { serveRounds } from '../../../benchmarks/child.ts';

const EVENTS = 70_000;
const held: EventStream[] = [];

function heldMegabytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}

function fill(stream: EventStream): void {
  held.push(stream);
  const handle = stream.event({
    name: 'bench.filled',
    category: 'vfs',
    severity: Severity.INFO,
    description: 'One of many.',
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
  fill(createEventStream({ slots: 1024, dictionaryBytes: 16_384 }));
  const before = heldMegabytes();
  fill(createEventStream());
  return heldMegabytes() - before;
});
