import fc from 'fast-check';
import { canonicalKey, decode, MAX_KEY_LENGTH } from '../src/attribute-set.ts';
import { createHotMetrics } from '../src/index.ts';
import { captureDiag } from './diag-log.ts';
import { points } from './reading.ts';
import { runs, SEED } from './seed.ts';

const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '0',
  '\u0000\u0007\n\r\u2028',
  '\ud800',
  '\udfff tail',
  '"],["',
  'a.b',
  'a_b',
  'é',
  '𝄞',
];

const said = captureDiag();

/** Values that keep their identity through canonical form. */
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '1', 'true', 'null', '\ud800', '[]', '{"n":"NaN"}'),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }),
  ),
  node: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...HOSTILE_KEYS), tie('node'), { maxKeys: 3 }),
  ),
})).node;

const attributes = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...HOSTILE_KEYS), fc.string()), value), { maxLength: 5 })
  .map((entries) => Object.fromEntries(entries));

function shuffled(input: object, seed: number): Record<string, unknown> {
  const entries = Object.entries(input);
  const rotated = [...entries.slice(seed % (entries.length || 1)), ...entries.slice(0, seed % (entries.length || 1))];
  return Object.fromEntries(rotated.reverse());
}

/** -0 and 0 are one attribute value, as they are in JSON and OTLP text. */
function withoutNegativeZero(input: unknown): unknown {
  if (Object.is(input, -0)) return 0;
  if (Array.isArray(input)) return input.map(withoutNegativeZero);
  if (typeof input !== 'object' || input === null || ArrayBuffer.isView(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([k, v]) => [k, withoutNegativeZero(v)]));
}

test(`decoding a key gives the attributes back, own keys of any name included (seed ${SEED})`, () => {
  fc.assert(
    fc.property(attributes, (input) => {
      const decoded = decode(canonicalKey(input) as string);
      expect(decoded).toEqual(withoutNegativeZero(input));
      expect(Object.keys(decoded).sort()).toEqual(Object.keys(input).sort());
      expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    }),
    runs(500),
  );
});

test(`the key does not depend on the order of the attributes (seed ${SEED})`, () => {
  fc.assert(
    fc.property(attributes, fc.nat(), (input, seed) => {
      expect(canonicalKey(shuffled(input, seed))).toBe(canonicalKey(input));
    }),
    runs(300),
  );
});

test('values of different types are different attribute sets', () => {
  const values: unknown[] = [
    1,
    '1',
    true,
    'true',
    null,
    'null',
    [1],
    ['1'],
    '[1]',
    { a: 1 },
    { a: '1' },
    Number.NaN,
    'NaN',
  ];
  values.push(Uint8Array.of(1), [], {}, '', Number.POSITIVE_INFINITY, { n: 'NaN' }, { b: 'AQ==' }, { o: [] }, [null]);
  const keys = values.map((v) => canonicalKey({ a: v }));
  expect(new Set(keys).size).toBe(values.length);
});

test('hostile keys are ordinary keys of a series', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const counter = hot.meter('m').counter('c');
  for (const key of HOSTILE_KEYS) counter.bind(Object.fromEntries([[key, key]])).add(1);
  const reported = points(await reader.collect(), 'c');
  expect(reported.map(({ attributes: a }) => Object.entries(a))).toEqual(HOSTILE_KEYS.map((key) => [[key, key]]));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('undefined, functions and symbols are left out; a bigint becomes its decimal string', () => {
  const input = { a: undefined, b: () => 1, c: Symbol('c'), d: 12345678901234567890n, e: [undefined, () => 1] };
  expect(decode(canonicalKey(input) as string)).toEqual({ d: '12345678901234567890', e: [null, null] });
});

test('what was bound does not change when the caller changes his object', async () => {
  const hot = createHotMetrics();
  const reader = hot.producer();
  const input = { list: ['a'], bytes: Uint8Array.of(1) };
  hot.meter('m').counter('c').bind(input).add(1);
  input.list.push('b');
  input.bytes[0] = 9;
  expect(points(await reader.collect(), 'c')[0]?.attributes).toEqual({ list: ['a'], bytes: Uint8Array.of(1) });
});

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a string', 'x'],
  ['a number', 5],
])('no attributes are meant by %s', (_, input) => {
  expect(canonicalKey(input as never)).toBe('[]');
});

describe('attribute sets that cannot be kept', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const throwing = {
    get a(): string {
      throw new Error('no');
    },
  };
  const hostileProxy = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no');
      },
    },
  );
  const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], 1);
  test.each([
    ['cyclic', cyclic],
    ['with a getter that throws', throwing],
    ['a proxy that throws', hostileProxy],
    ['too deep', { deep }],
    ['too many values', { wide: Array.from({ length: 600 }, () => 1) }],
    ['a sparse array', { sparse: Object.assign([], { length: 2 ** 32 - 1 }) }],
    ['too long', { text: 'x'.repeat(MAX_KEY_LENGTH + 1) }],
    ['too long together', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'x'.repeat(100)]))],
    ['too many bytes', { bytes: new Uint8Array(MAX_KEY_LENGTH + 1) }],
  ])('go to the overflow series: %s', async (_, input) => {
    const hot = createHotMetrics();
    const reader = hot.producer();
    const counter = hot.meter('m').counter('c');
    counter.bind(input as Record<string, unknown>).add(2);
    counter.bind(input as Record<string, unknown>).add(3);
    const reported = points(await reader.collect(), 'c');
    expect(reported).toMatchObject([{ attributes: { 'otel.metric.overflow': true }, value: 5 }]);
    expect(hot.statistics().overflowed).toBe(2);
    expect(said.warnings).toEqual([
      'counter c: an attribute set was too large or could not be read: recorded with otel.metric.overflow=true, as all further ones are',
    ]);
  });

  test('the longest that is kept', () => {
    const frame = '[["text",""]]'.length;
    expect(canonicalKey({ text: 'x'.repeat(MAX_KEY_LENGTH - frame) })).toHaveLength(MAX_KEY_LENGTH);
    expect(canonicalKey({ text: 'x'.repeat(MAX_KEY_LENGTH - frame + 1) })).toBeUndefined();
  });
});
