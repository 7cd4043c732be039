import { runQueueMs, Starvation } from '../src/starvation.ts';

test('a process is starved when it waited for a CPU for a quarter of the time, never where nobody tells', () => {
  let waited = 1000;
  const starvation = new Starvation(() => waited);
  expect(starvation.look(1000)).toBe(false);
  waited += 240;
  expect(starvation.look(1000)).toBe(false);
  waited += 250;
  expect(starvation.look(1000)).toBe(true);
  waited = Number.NaN;
  expect(starvation.look(1000)).toBe(false);
});

test('Linux tells how long the thread has waited', () => {
  const waited = runQueueMs();
  if (process.platform === 'linux') expect(waited).toBeGreaterThanOrEqual(0);
  else expect(waited).toBeNaN();
});
