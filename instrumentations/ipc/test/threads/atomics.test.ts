import { createPatches, hotMetricsFrom } from '@sonde/instrumentation-kit';
import { createCollector } from '../../../../test/fixtures/collect.ts';
import { TELEMETRY } from '../../src/semantic-names.ts';
import { observeAtomics } from '../../src/threads/atomics.ts';

test('Atomics do what they did, and tell how long they waited and whom they woke', async () => {
  const { wait, waitAsync, notify } = Atomics;
  const collector = createCollector(true);
  const patches = createPatches();
  observeAtomics(patches, hotMetricsFrom(TELEMETRY));
  const cells = new Int32Array(new SharedArrayBuffer(8));

  expect(Atomics.wait(cells, 0, 1)).toBe('not-equal');
  expect(Atomics.wait(cells, 0, 0, 1)).toBe('timed-out');
  expect(() => Atomics.wait(new Int32Array(2), 0, 0, 1)).toThrow(TypeError);
  expect(Atomics.waitAsync(cells, 0, 1)).toEqual({ async: false, value: 'not-equal' });
  const waiting = Atomics.waitAsync(cells, 1, 0);
  expect(Atomics.notify(cells, 0)).toBe(0);
  expect(Atomics.notify(cells, 1)).toBe(1);
  expect(await waiting.value).toBe('ok');
  await Promise.resolve();

  const metrics = await collector.collect();
  const waits = (metrics['sonde.ipc.atomics.wait.duration'] ?? []).map(({ attributes, value }) => [
    `${attributes['messaging.operation.name']} ${attributes['sonde.ipc.atomics.outcome']}`,
    value,
  ]);
  expect(Object.fromEntries(waits)).toEqual({
    'wait not-equal': 1,
    'wait timed-out': 1,
    'waitAsync not-equal': 1,
    'waitAsync ok': 1,
  });
  expect(metrics['sonde.ipc.atomics.notified']?.[0]?.value).toBe(1);
  patches.restore();
  expect([Atomics.wait, Atomics.waitAsync, Atomics.notify]).toEqual([wait, waitAsync, notify]);
});
