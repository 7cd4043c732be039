import fc from 'fast-check';
import { patternTest } from '../../src/incidents/pauses.ts';
import { RecentScores } from '../../src/incidents/recent-scores.ts';
import { quantity } from '../../src/incidents/sentence.ts';
import { identityOf } from '../../src/series/identity.ts';
import { runs } from '../seed.ts';

test.each([
  [0.3, '1', '30 %'],
  [1536, 'By', '1.5 KiB'],
  [0.0125, 's', '12.5 ms'],
  [0.0000125, 's', '12.5 us'],
  [2.5, 's', '2.5 s'],
  [3, '{order}/s', '3 order/s'],
  [7, '', '7'],
  [Number.NaN, 's', 'NaN'],
])('%p in %p reads %p', (value, unit, text) => {
  expect(quantity(value, unit)).toBe(text);
});

test.each([
  ['http.*', 'http.server.request.duration{http.route=/a} p99', true],
  ['http.server.request.duration', 'http.server.request.duration{http.route=/a} p99', true],
  ['*p99', 'http.server.request.duration{http.route=/a} p99', true],
  ['*route=/a*', 'http.server.request.duration{http.route=/a} p99', true],
  ['GET /users', 'GET /users{span.kind=server} error_share', true],
  ['http', 'http.server.request.duration{http.route=/a} p99', false],
  ['a*a', 'a', false],
])('the pattern %p fits %p: %p', (pattern, text, fits) => {
  expect(patternTest(pattern)(text)).toBe(fits);
});

test('patterns of any shape are answered at once', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (pattern, text) => {
      expect(typeof patternTest(pattern)(text)).toBe('boolean');
      expect(patternTest(`*${text}*`)(`x${text}x`)).toBe(true);
    }),
    runs(300),
  );
  expect(patternTest(`${'*a'.repeat(5000)}*b`)('a'.repeat(9999))).toBe(false);
});

test('names of series are bounded and printable, whatever attributes hold', () => {
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.anything()), (name, attributes) => {
      const { text, labels } = identityOf('metric', `${name}${'x'.repeat(500)}`, attributes);
      expect(text.length).toBeLessThanOrEqual(281);
      expect(text.isWellFormed()).toBe(true);
      expect(Object.getPrototypeOf(labels)).toBeNull();
    }),
    runs(300),
  );
});

test('recent scores are those of the looks asked for, and what was not looked at is 0', () => {
  const scores = new RecentScores();
  scores.note(3, 0.5);
  scores.note(5, -0.9);
  expect(scores.peak(1, 4)).toBeCloseTo(0.5);
  expect(scores.peak(4, 4)).toBe(0);
  expect(scores.peak(0, 9)).toBeCloseTo(-0.9);
  scores.note(100, 0.1);
  expect(scores.peak(0, 99)).toBe(0);
});
