import fc from 'fast-check';
import { parsePressure } from '../src/pressure.ts';
import { parseSchedStat } from '../src/schedstat.ts';
import { runs } from './seed.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const fresh = () => ({ runNanos: -1, waitNanos: -1, slices: -1 });

test('a schedstat line is read into its three numbers, whatever they are', () => {
  const value = fc.maxSafeNat();
  fc.assert(
    fc.property(value, value, value, fc.constantFrom('\n', ''), (runNanos, waitNanos, slices, end) => {
      const stat = fresh();
      const line = bytes(`${runNanos} ${waitNanos} ${slices}${end}`);
      expect(parseSchedStat(line, line.length, stat)).toBe(true);
      expect(stat).toEqual({ runNanos, waitNanos, slices });
    }),
    runs(300),
  );
});

test('bytes beyond the length are what an earlier reading left, and are not read', () => {
  const stat = fresh();
  expect(parseSchedStat(bytes('12 34 5\n99999'), 8, stat)).toBe(true);
  expect(stat).toEqual({ runNanos: 12, waitNanos: 34, slices: 5 });
});

test.each(['', ' ', '12', '12 ', '12 34', '12 34 ', '12  34 5', 'a 34 5', '12,34,5', '-1 2 3', '1 -2 3'])(
  'what is no schedstat line is refused and changes nothing: %p',
  (text) => {
    const stat = fresh();
    expect(parseSchedStat(bytes(text), text.length, stat)).toBe(false);
    expect(stat).toEqual(fresh());
  },
);

test('a schedstat of this machine is read as the kernel writes it', () => {
  const stat = fresh();
  const line = bytes('92399793 64302850 330\n');
  expect(parseSchedStat(line, line.length, stat)).toBe(true);
  expect(stat).toEqual({ runNanos: 92_399_793, waitNanos: 64_302_850, slices: 330 });
});

test('pressure totals are read for some and full', () => {
  const text = [
    'some avg10=11.61 avg60=10.74 avg300=15.94 total=212326565',
    'full avg10=0.03 avg60=0.07 avg300=0.07 total=5555097',
    '',
  ].join('\n');
  const pressure = { some: 0, full: 0 };
  parsePressure(bytes(text), text.length, pressure);
  expect(pressure).toEqual({ some: 212_326_565, full: 5_555_097 });
});

test('a cpu file of an older kernel has no full line', () => {
  const text = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n';
  const pressure = { some: 0, full: 0 };
  parsePressure(bytes(text), text.length, pressure);
  expect(pressure).toEqual({ some: 7, full: Number.NaN });
});

test('any totals survive, and anything else reads as absent', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (some, full) => {
      const text = `some avg10=1.00 avg60=1.00 avg300=1.00 total=${some}\nfull avg10=0.00 total=${full}`;
      const pressure = { some: 0, full: 0 };
      parsePressure(bytes(text), text.length, pressure);
      expect(pressure).toEqual({ some, full });
    }),
    runs(200),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      const content = bytes(text);
      const pressure = { some: 0, full: 0 };
      parsePressure(content, content.length, pressure);
      for (const value of Object.values(pressure)) expect(Number.isNaN(value) || value >= 0).toBe(true);
    }),
    runs(300),
  );
});
