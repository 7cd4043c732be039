import { Severity } from '@sonde/event-stream';
import { rig } from '../rig.ts';

const SLOW = {
  name: 'test.slow',
  category: 'vfs',
  severity: Severity.WARN,
  description: 'Something was slow.',
} as const;

test('a type of event that comes far more often than usual is told, and so is its end', async () => {
  const self = rig({ sampleMemory: false });
  const slow = self.stream.event(SLOW);
  await self.run(60, (step) => {
    if (step % 5 === 0) slow.emit();
  });
  expect(self.told).toEqual([]);
  await self.run(15, () => {
    for (let i = 0; i < 8; i++) slow.emit();
  });
  expect(self.told).toHaveLength(1);
  expect(self.told[0]).toMatchObject({
    source: 'event',
    series: 'test.slow{sonde.event.category=vfs} rate',
    unit: '{event}/s',
    direction: 'up',
  });
  await self.run(40);
  expect(self.told.map(({ state }) => state)).toEqual(['started', 'ended']);
});

test('one burst, a few warnings, a slow rise and information are no anomaly', async () => {
  const self = rig({ sampleMemory: false });
  const slow = self.stream.event(SLOW);
  const usual = self.stream.event({ ...SLOW, name: 'test.usual', severity: Severity.INFO });
  await self.run(300, (step) => {
    if (step === 100) for (let i = 0; i < 500; i++) slow.emit();
    if (step > 200 && step % 4 === 0) slow.emit();
    for (let i = 0; i < 20 + step / 10; i++) usual.emit();
  });
  expect(self.told).toEqual([]);
});

test('without watchEvents nothing is read from the stream', async () => {
  const self = rig({ watchEvents: false });
  self.stream.event(SLOW).emit();
  await self.run(3);
  expect(self.detection.explain('test.*')).toMatch(/^No series/);
});
