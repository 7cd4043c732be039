import fc from 'fast-check';
import { readMicros, readStamp, STAMP_LENGTH, type Stamp, withStamp, writeMicros } from '../../src/processes/stamp.ts';
import { runs } from '../seed.ts';

const empty = (): Stamp => ({ high: 0, low: 0, micros: 0 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe('a stamp', () => {
  it('brings back what was written, after whatever stands before it', () => {
    const micros = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(int32, int32, micros, fc.string({ maxLength: 5 }), (high, low, sent, before) => {
        const stamp = withStamp(before, { high, low }, sent);
        const read = empty();
        expect(stamp).toHaveLength(before.length + STAMP_LENGTH);
        const digits = stamp.slice(before.length);
        expect(JSON.stringify(digits)).toBe(`"${digits}"`);
        expect(readStamp(stamp, read)).toBe(true);
        expect([read.high, read.low, read.micros]).toEqual([high, low, sent]);
      }),
      runs(500),
    );
  });

  it('is refused when it is too short, or holds anything else than digits of its own', () => {
    const stamp = withStamp('', { high: 1, low: 2 }, 3);
    expect(readStamp(stamp.slice(1), empty())).toBe(false);
    for (const wrong of ['/', 'q', ' ', '\u0000', 'ä', '\uffff', '~']) {
      for (let at = 0; at < STAMP_LENGTH; at++) {
        const read = empty();
        expect(readStamp(stamp.slice(0, at) + wrong + stamp.slice(at + 1), read)).toBe(false);
        expect(read).toEqual(empty());
      }
    }
  });

  it('holds no word of more than 32 bits', () => {
    for (const at of [0, 10]) {
      const stamp = '0'.repeat(STAMP_LENGTH);
      expect(readStamp(`${stamp.slice(0, at)}4${stamp.slice(at + 1)}`, empty())).toBe(false);
      expect(readStamp(`${stamp.slice(0, at)}3${stamp.slice(at + 1)}`, empty())).toBe(true);
    }
  });
});

describe('a time alone', () => {
  it('is brought back, and NaN as what it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.string({ maxLength: 5 }),
        (micros, before) => {
          expect(readMicros(before + writeMicros(micros), before.length)).toBe(micros);
        },
      ),
      runs(200),
    );
    expect(readMicros(writeMicros(Number.NaN), 0)).toBeNaN();
    expect(readMicros(writeMicros(5).slice(1), 0)).toBeNaN();
  });
});
