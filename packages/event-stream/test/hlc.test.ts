import fc from 'fast-check';
import { INITIAL_CLOCK_STATE } from '../src/hlc.ts';
import {
  formatTimestamp,
  HybridLogicalClock,
  type HybridTimestamp,
  parseTimestamp,
  timestampToBigInt,
} from '../src/index.ts';
import { runs } from './seed.ts';
import { ManualClock, ORIGIN_MS } from './streams.ts';

const MAX_DRIFT_MS = 500;

interface TestClock {
  readonly hlc: HybridLogicalClock;
  readonly clock: ManualClock;
  /** An event as the ring writer has it. */
  readonly tick: (timeMs: number) => number;
}

function createClock(offsetMs = 0): TestClock {
  const clock = new ManualClock();
  const state = { ...INITIAL_CLOCK_STATE };
  const config = { now: clock.now, timeOriginMs: ORIGIN_MS + offsetMs, maxDriftMs: MAX_DRIFT_MS };
  const hlc = new HybridLogicalClock(config, state);
  const tick = (timeMs: number): number => {
    const time = timeMs >= 0 && timeMs < state.nextMs ? timeMs : hlc.settle(timeMs);
    state.stamp++;
    return time;
  };
  return { hlc, clock, tick };
}

function timestamp(physicalMs: number, logical: number): HybridTimestamp {
  const bits = (BigInt(physicalMs) << 16n) | BigInt(logical);
  return { high: Number(BigInt.asIntN(32, bits >> 32n)), low: Number(BigInt.asIntN(32, bits)) };
}

function physicalOf(stamp: HybridTimestamp): number {
  return Number(timestampToBigInt(stamp) >> 16n);
}

describe('the laws', () => {
  it('timestamps of one clock ascend strictly, whatever times and remote timestamps it is given', () => {
    const step = fc.oneof(
      fc.record({ time: fc.double() }),
      fc.record({ pass: fc.double({ min: 0, max: 1e4, noNaN: true }) }),
      fc.record({ high: fc.integer(), low: fc.integer() }),
      fc.record({ ahead: fc.integer({ min: -10_000, max: 2 * MAX_DRIFT_MS }), logical: fc.nat(0xffff) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { hlc, clock } = createClock();
        let last = timestampToBigInt(hlc.send());
        for (const event of steps) {
          if ('pass' in event) clock.nowMs += event.pass;
          if ('high' in event) hlc.receive(event);
          if ('ahead' in event)
            hlc.receive(timestamp(Math.floor(ORIGIN_MS + clock.nowMs) + event.ahead, event.logical));
          const next = timestampToBigInt(hlc.send('time' in event ? event.time : undefined));
          expect(next).toBeGreaterThan(last);
          last = next;
        }
        // Never further from the clock than permitted: the drift, and a millisecond for each full counter.
        expect(hlc.physicalMs).toBeLessThanOrEqual(ORIGIN_MS + clock.nowMs + MAX_DRIFT_MS + 2);
        expect(hlc.physicalMs).toBeGreaterThanOrEqual(Math.floor(ORIGIN_MS + clock.nowMs) - 1e4 * 200);
      }),
      runs(200),
    );
  });

  it('what is sent after a message was received is ordered after it, however the clocks differ', () => {
    const hop = fc.record({
      from: fc.nat(2),
      to: fc.nat(2),
      passMs: fc.double({ min: 0, max: 20, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 100 }), (hops) => {
        // Skewed by less than the permitted drift, so that nothing is refused.
        const nodes = [createClock(0), createClock(170), createClock(-230)];
        for (const { from, to, passMs } of hops) {
          for (const node of nodes) node.clock.nowMs += passMs;
          const sent = nodes[from]!.hlc.send();
          expect(nodes[to]!.hlc.receive(sent)).toBe(true);
          expect(timestampToBigInt(nodes[to]!.hlc.send())).toBeGreaterThan(timestampToBigInt(sent));
        }
      }),
      runs(200),
    );
  });

  it('the physical part is never behind the time given', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 }), (times) => {
        const { hlc, clock } = createClock();
        clock.nowMs = 1e9;
        for (const time of times) {
          expect(physicalOf(hlc.send(time))).toBeGreaterThanOrEqual(Math.floor(ORIGIN_MS + time));
        }
      }),
      runs(200),
    );
  });
});

describe('ticking', () => {
  it('starts at the physical time with logical 0 and counts within a millisecond', () => {
    const { hlc } = createClock();
    expect([hlc.send(1000.2), hlc.send(1000.9), hlc.send(1000.1)].map(timestampToBigInt)).toEqual(
      [0, 1, 2].map((logical) => (BigInt(ORIGIN_MS + 1000) << 16n) | BigInt(logical)),
    );
    expect([hlc.physicalMs, hlc.logical]).toEqual([ORIGIN_MS + 1000, 2]);
  });

  it('starts over at logical 0 in the next millisecond', () => {
    const { hlc } = createClock();
    hlc.send(1000.9);
    hlc.send(1001);
    expect([hlc.physicalMs, hlc.logical]).toEqual([ORIGIN_MS + 1001, 0]);
  });

  it('carries into the milliseconds when the logical counter is full', () => {
    const { hlc, tick } = createClock();
    for (let i = 0; i <= 0xffff; i++) tick(1000);
    expect([hlc.physicalMs, hlc.logical]).toEqual([ORIGIN_MS + 1000, 0xffff]);
    tick(1000);
    expect([hlc.physicalMs, hlc.logical]).toEqual([ORIGIN_MS + 1001, 0]);
    tick(1000);
    expect([hlc.physicalMs, hlc.logical]).toEqual([ORIGIN_MS + 1001, 1]);
  });

  it('reads the clock when the time is NaN', () => {
    const { hlc, clock, tick } = createClock();
    expect(tick(Number.NaN)).toBe(clock.nowMs);
    expect(hlc.physicalMs).toBe(ORIGIN_MS + clock.nowMs);
  });

  it.each([Number.POSITIVE_INFINITY, 1e300, 1000 + MAX_DRIFT_MS + 1])(
    'takes the time %d, too far ahead, for now',
    (time) => {
      const { hlc, clock, tick } = createClock();
      expect(tick(time)).toBe(clock.nowMs);
      expect(hlc.physicalMs).toBe(ORIGIN_MS + clock.nowMs);
    },
  );

  it('notes a time of the past as it is, before its own zero even, and does not go back for it', () => {
    const { hlc, tick } = createClock();
    tick(1000);
    expect([tick(3), tick(-5)]).toEqual([3, -5]);
    expect([hlc.physicalMs, hlc.logical]).toEqual([ORIGIN_MS + 1000, 2]);
  });
});

describe('receiving', () => {
  const nowMs = ORIGIN_MS + 1000;

  it.each([
    ['a remote clock behind', timestamp(nowMs - 50, 9), [nowMs, 0]],
    ['a remote clock in the same millisecond', timestamp(nowMs, 9), [nowMs, 10]],
    ['a remote clock ahead', timestamp(nowMs + 50, 9), [nowMs + 50, 10]],
    ['a remote clock as far ahead as permitted', timestamp(nowMs + MAX_DRIFT_MS, 0), [nowMs + MAX_DRIFT_MS, 1]],
    ['a remote counter that is full', timestamp(nowMs + 5, 0xffff), [nowMs + 6, 0]],
  ])('follows %s', (_what, remote, expected) => {
    const { hlc } = createClock();
    expect(hlc.receive(remote)).toBe(true);
    expect([hlc.physicalMs, hlc.logical]).toEqual(expected);
  });

  it('takes the larger counter when both are in the same millisecond', () => {
    const { hlc, tick } = createClock();
    for (let i = 0; i < 21; i++) tick(1000);
    hlc.receive(timestamp(nowMs, 3));
    expect(hlc.logical).toBe(21);
    hlc.receive(timestamp(nowMs, 300));
    expect(hlc.logical).toBe(301);
  });

  it.each([
    ['too far ahead', timestamp(nowMs + MAX_DRIFT_MS + 1, 0)],
    ['the end of time', { high: -1, low: -1 }],
    ['NaN', { high: Number.NaN, low: 0 }],
    ['a fraction', { high: 1.5, low: 0 }],
    ['infinity', { high: Number.POSITIVE_INFINITY, low: 0 }],
    ['more than 32 bits', { high: 0, low: 2 ** 33 }],
    ['no numbers', { high: '1', low: undefined }],
    ['bigints', { high: 1n, low: 2n }],
  ])('refuses a timestamp that is %s, and counts it', (_what, remote) => {
    const { hlc, tick } = createClock();
    tick(1000);
    expect(hlc.receive(remote as HybridTimestamp)).toBe(false);
    expect([hlc.physicalMs, hlc.logical, hlc.rejected]).toEqual([nowMs, 0, 1]);
  });

  it('takes words as u32 too', () => {
    const { hlc } = createClock();
    const { high, low } = timestamp(nowMs + 3, 0xabc);
    expect(hlc.receive({ high: high >>> 0, low: low >>> 0 })).toBe(true);
    expect([hlc.physicalMs, hlc.logical]).toEqual([nowMs + 3, 0xabd]);
  });
});

describe('as text', () => {
  it('comes back the same, and sorts by time', () => {
    const arbitrary = fc.record({ high: fc.integer(), low: fc.integer() });
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        expect(parseTimestamp(formatTimestamp(a))).toEqual(a);
        expect(formatTimestamp(a) < formatTimestamp(b)).toBe(timestampToBigInt(a) < timestampToBigInt(b));
      }),
      runs(500),
    );
  });

  it.each([
    '',
    '0',
    'g'.repeat(16),
    'A'.repeat(16),
    '0'.repeat(15),
    '0'.repeat(17),
    ' 00000000000000',
    `${'0'.repeat(16)}\n`,
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
