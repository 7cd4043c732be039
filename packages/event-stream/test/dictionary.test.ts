import fc from 'fast-check';
import { DictionaryReader, DictionaryWriter, OVERFLOW_NAME } from '../src/dictionary.ts';
import { HEADER_WORDS } from '../src/layout.ts';
import { runs } from './seed.ts';
import { DENIED, READ } from './streams.ts';

function open(writer: DictionaryWriter): { header: Int32Array; memory: SharedArrayBuffer; reader: DictionaryReader } {
  const header = new Int32Array(new SharedArrayBuffer(HEADER_WORDS * 4));
  const memory = writer.allocate();
  writer.open(header);
  return { header, memory, reader: new DictionaryReader(header, memory) };
}

/** UTF-8 has no lone surrogates: they read as U+FFFD. */
function asRead(text: string): string {
  return text.slice(0, 512).toWellFormed();
}

it('resolves every name to what was interned, before and after the memory was there, with a reader that comes late', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(text), fc.array(text), (before, after) => {
      const writer = new DictionaryWriter(1 << 20);
      const ids = new Map(before.map((name) => [name, writer.name(name)]));
      const { header, memory, reader } = open(writer);
      for (const name of after) {
        ids.set(name, writer.name(name));
        expect(reader.name(ids.get(name) as number)).toBe(asRead(name));
      }
      const late = new DictionaryReader(header, memory);
      for (const [name, id] of ids) expect(late.name(id)).toBe(asRead(name));
    }),
    runs(100),
  );
});

it('gives one number a string, 0 to the empty one', () => {
  const writer = new DictionaryWriter(16_384);
  const ids = ['a', '', 'b', 'a', '__proto__', 'constructor', 'b'].map((name) => writer.name(name));
  expect(ids).toEqual([2, 0, 3, 2, 4, 5, 3]);
});

it('keeps lone surrogates apart though they read alike', () => {
  const writer = new DictionaryWriter(16_384);
  const { reader } = open(writer);
  const [a, b] = [writer.name('\ud800'), writer.name('\udc00')];
  expect(a).not.toBe(b);
  expect([reader.name(a), reader.name(b)]).toEqual(['\ufffd', '\ufffd']);
});

it('cuts names at 512 characters, and those alike up to there are one', () => {
  const writer = new DictionaryWriter(16_384);
  const { reader } = open(writer);
  const id = writer.name('x'.repeat(100_000));
  expect(reader.name(id)).toBe('x'.repeat(512));
  expect(writer.name('x'.repeat(513))).toBe(id);
});

it('answers further names with (overflow) when its bytes are used up, and keeps the known ones', () => {
  const writer = new DictionaryWriter(16_384);
  const { reader } = open(writer);
  const first = writer.name('first');
  const ids = Array.from({ length: 5000 }, (_, i) => writer.name(`name-${i}`));
  expect(reader.name(ids.at(-1) as number)).toBe(OVERFLOW_NAME);
  expect(writer.name('first')).toBe(first);
  const resolved = ids.filter((id, i) => reader.name(id) === `name-${i}`).length;
  expect(resolved).toBeGreaterThan(900);
  expect(resolved).toBeLessThan(16_384 / 12);
});

it('bounds the number of names whatever the bytes, so that a million of them cost no more', () => {
  const writer = new DictionaryWriter(2 ** 26);
  const { memory, reader } = open(writer);
  const ids = new Set<number>();
  for (let i = 0; i < 100_000; i++) ids.add(writer.name(i.toString(36)));
  expect(ids.size).toBeLessThanOrEqual(16_384);
  expect(Math.max(...ids)).toBeLessThanOrEqual(0xffff);
  expect(reader.name(Math.max(...ids))).not.toBe('');
  expect(memory.byteLength).toBeLessThan(2 ** 20);
});

it('has room for event types when the names have used up theirs', () => {
  const writer = new DictionaryWriter(16_384);
  const { reader } = open(writer);
  for (let i = 0; i < 5000; i++) writer.name(`name-${i}`);
  expect(writer.definition(READ)).toBe(0);
  expect(writer.definition(DENIED)).toBe(1);
  expect(reader.definitions()).toEqual([READ, DENIED]);
});

it('says so when there are too many event types', () => {
  const writer = new DictionaryWriter(16_384);
  const huge = { ...READ, description: 'x'.repeat(400_000) };
  writer.definition(huge);
  writer.definition({ ...huge, name: 'test.b' });
  expect(() => writer.definition({ ...huge, name: 'test.c' })).toThrow(
    new RangeError('event stream: event types must fit 1048576 bytes of JSON, got test.c beyond them'),
  );
  expect(writer.definition(DENIED)).toBe(2);
});

it('reads a number that was never given out as empty', () => {
  const { reader } = open(new DictionaryWriter(16_384));
  expect(reader.name(77)).toBe('');
});
