import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHotMetrics, type HistogramConfig, type ProducerConfig, SECONDS_BOUNDARIES } from '../src/index.ts';
import { DEFAULTS } from '../src/options.ts';

function histogram(config: unknown): () => unknown {
  return () =>
    createHotMetrics()
      .meter('m')
      .histogram('h', config as HistogramConfig);
}

const NAME_RULE = "1 to 255 of the characters a-z, A-Z, 0-9, '_', '.', '-', '/', the first a letter";

describe('names', () => {
  test.each(['a', 'Z', 'http.server.duration', 'a/b-c_d.e9', 'x'.repeat(255)])('good: %s', (name) => {
    expect(createHotMetrics().meter('m').counter(name).name).toBe(name);
  });
  test.each([
    ['', '""'],
    ['9a', '"9a"'],
    ['_a', '"_a"'],
    ['a b', '"a b"'],
    ['ä', '"ä"'],
    ['a\n', '"a\\n"'],
    ['x'.repeat(256), `"${'x'.repeat(80)}..."`],
  ])('bad: %j', (name, shown) => {
    expect(() => createHotMetrics().meter('m').gauge(name)).toThrow(
      new RangeError(`instrument: name must be ${NAME_RULE}, got ${shown}`),
    );
  });
  test.each([
    [undefined, 'undefined'],
    [5, '5'],
    [{}, 'an object'],
    [[], 'an array'],
    [() => 1, 'a function'],
    [Symbol('x'), 'Symbol(x)'],
  ])('bad: %p', (name, shown) => {
    expect(() =>
      createHotMetrics()
        .meter('m')
        .upDownCounter(name as string),
    ).toThrow(new TypeError(`instrument: name must be ${NAME_RULE}, got ${shown}`));
  });
});

describe('scopes', () => {
  test.each([
    ['', 'meter: scope must be a non-empty string, got ""'],
    [undefined, 'meter: scope must be a non-empty string, got undefined'],
  ])('bad: %p', (scope, sentence) => {
    expect(() => createHotMetrics().meter(scope as string)).toThrow(new TypeError(sentence));
  });
  test('a version is a string', () => {
    expect(() => createHotMetrics().meter('m', 1 as unknown as string)).toThrow(
      new TypeError('meter m: version must be a string, got 1'),
    );
  });
});

describe('last good values', () => {
  test.each<HistogramConfig>([
    {},
    { unit: '' },
    { unit: 'x'.repeat(63) },
    { description: '' },
    { cardinalityLimit: 1 },
    { cardinalityLimit: 1_000_000 },
    { bucketBoundaries: [] },
    { bucketBoundaries: [-1, 0, 1] },
    { bucketBoundaries: Array.from({ length: 512 }, (_, i) => i) },
    { exponential: false, bucketBoundaries: [1] },
    { exponential: {} },
    { exponential: { scale: 0, minExponent: -60, maxExponent: -59 } },
    { exponential: { scale: 5, minExponent: 60, maxExponent: 61 } },
    { exponential: { minExponent: 40 } },
    { exemplars: true },
    { exemplars: false },
  ])('%j', (config) => {
    expect(histogram(config)).not.toThrow();
  });
});

describe('first bad values, and the sentence that is read', () => {
  const boundariesRule = 'histogram h: bucketBoundaries must be at most 512 finite numbers, strictly ascending, got';
  const exponentialRule = 'histogram h: exponential must be true, false or { scale, minExponent, maxExponent }, got';
  test.each<[unknown, new (m: string) => Error, string]>([
    [null, TypeError, 'histogram h: config must be an object, got null'],
    ['x', TypeError, 'histogram h: config must be an object, got "x"'],
    [{ unit: 5 }, TypeError, 'histogram h: unit must be a string, got 5'],
    [{ unit: 'x'.repeat(64) }, RangeError, `histogram h: unit must be at most 63 characters, got "${'x'.repeat(64)}"`],
    [{ description: null }, TypeError, 'histogram h: description must be a string, got null'],
    [{ cardinalityLimit: 0 }, RangeError, 'histogram h: cardinalityLimit must be an integer from 1 to 1000000, got 0'],
    [
      { cardinalityLimit: 1_000_001 },
      RangeError,
      'histogram h: cardinalityLimit must be an integer from 1 to 1000000, got 1000001',
    ],
    [
      { cardinalityLimit: 1.5 },
      RangeError,
      'histogram h: cardinalityLimit must be an integer from 1 to 1000000, got 1.5',
    ],
    [
      { cardinalityLimit: '9' },
      TypeError,
      'histogram h: cardinalityLimit must be an integer from 1 to 1000000, got "9"',
    ],
    [{ bucketBoundaries: 5 }, TypeError, `${boundariesRule} 5`],
    [{ bucketBoundaries: [1, 1] }, RangeError, `${boundariesRule} 1 at position 1`],
    [{ bucketBoundaries: [2, 1] }, RangeError, `${boundariesRule} 1 at position 1`],
    [{ bucketBoundaries: [Number.NaN] }, RangeError, `${boundariesRule} NaN at position 0`],
    [{ bucketBoundaries: [1, Number.POSITIVE_INFINITY] }, RangeError, `${boundariesRule} Infinity at position 1`],
    [{ bucketBoundaries: ['1'] }, RangeError, `${boundariesRule} "1" at position 0`],
    [{ bucketBoundaries: Array.from({ length: 513 }, (_, i) => i) }, RangeError, `${boundariesRule} 513 numbers`],
    [{ exponential: 1 }, TypeError, `${exponentialRule} 1`],
    [{ exponential: null }, TypeError, `${exponentialRule} null`],
    [
      { exponential: { scale: -1 } },
      RangeError,
      'histogram h: exponential.scale must be an integer from 0 to 5, got -1',
    ],
    [{ exponential: { scale: 6 } }, RangeError, 'histogram h: exponential.scale must be an integer from 0 to 5, got 6'],
    [
      { exponential: { minExponent: -61 } },
      RangeError,
      'histogram h: exponential.minExponent must be an integer from -60 to 60, got -61',
    ],
    [
      { exponential: { minExponent: 61 } },
      RangeError,
      'histogram h: exponential.minExponent must be an integer from -60 to 60, got 61',
    ],
    [
      { exponential: { minExponent: 5, maxExponent: 5 } },
      RangeError,
      'histogram h: exponential.maxExponent must be an integer from 6 to 61, got 5',
    ],
    [
      { exponential: { maxExponent: 62 } },
      RangeError,
      'histogram h: exponential.maxExponent must be an integer from -29 to 61, got 62',
    ],
    [
      { exponential: true, bucketBoundaries: [1] },
      TypeError,
      'histogram h: bucketBoundaries and exponential exclude each other: leave one of them out',
    ],
    [{ exemplars: 1 }, TypeError, 'histogram h: exemplars must be true or false, got 1'],
  ])('%j', (config, type, sentence) => {
    expect(histogram(config)).toThrow(new type(sentence));
    expect(histogram(config)).toThrow(type);
  });

  test.each<[unknown, new (m: string) => Error, string]>([
    [null, TypeError, 'producer: config must be an object, got null'],
    [
      { temporality: 'Delta' },
      RangeError,
      `producer: temporality must be 'cumulative', 'delta' or a selector function, got "Delta"`,
    ],
    [{ attributeFilter: 'x' }, TypeError, 'producer: attributeFilter must be a function, got "x"'],
    [{ since: 'then' }, RangeError, `producer: since must be 'start' or 'now', got "then"`],
  ])('of a producer: %j', (config, type, sentence) => {
    const hot = createHotMetrics();
    expect(() => hot.producer(config as ProducerConfig)).toThrow(new type(sentence));
    expect(hot.statistics().producers).toBe(0);
  });

  test('of observe', () => {
    expect(() =>
      createHotMetrics()
        .meter('m')
        .observe(5 as never),
    ).toThrow(new TypeError('meter m: callback must be a function, got 5'));
  });
});

test('options that only histograms have are not looked at elsewhere', () => {
  const config = { bucketBoundaries: [2, 1] } as never;
  expect(() => createHotMetrics().meter('m').counter('c', config)).not.toThrow();
});

test('the bounds of an instrument are its own copy', () => {
  const bounds = [1, 2];
  const hot = createHotMetrics();
  hot.meter('m').histogram('h', { bucketBoundaries: bounds });
  bounds.push(0);
  expect(() =>
    hot
      .meter('m')
      .histogram('h', { bucketBoundaries: [1, 2] })
      .bind()
      .record(1.5),
  ).not.toThrow();
});

test('the table of options in the README tells the defaults', () => {
  const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
  const row = (option: string) => readme.split('\n').find((line) => line.startsWith(`| \`${option}\``)) ?? '';
  expect(row('cardinalityLimit')).toContain(String(DEFAULTS.cardinalityLimit));
  expect(row('exponential')).toContain(String(DEFAULTS.exponential));
  expect(row('exponential.scale')).toContain(String(DEFAULTS.scale));
  expect(row('exponential.minExponent')).toContain(String(DEFAULTS.minExponent));
  expect(row('exponential.maxExponent')).toContain(String(DEFAULTS.maxExponent));
  expect(row('exemplars')).toContain(String(DEFAULTS.exemplars));
  expect(row('unit')).toContain(`'${DEFAULTS.histogramUnit}'`);
  expect(row('bucketBoundaries')).toContain(SECONDS_BOUNDARIES.join(', '));
});
