import fc from 'fast-check';
import { bytesOfData, bytesOfResult } from '../src/byte-counts.ts';
import { runs } from './seed.ts';

test('contents are counted in bytes, strings in their encoding', () => {
  expect(bytesOfData('hällo', undefined)).toBe(6);
  expect(bytesOfData('hällo', 'latin1')).toBe(5);
  expect(bytesOfData('hällo', { encoding: 'utf16le' })).toBe(10);
  expect(bytesOfData('6869', 'hex')).toBe(2);
  expect(bytesOfData('hällo', { encoding: null })).toBe(6);
  expect(bytesOfData('hällo', 'no encoding')).toBe(6);
  expect(bytesOfData(Buffer.alloc(7), 'utf8')).toBe(7);
  expect(bytesOfData(new Float64Array(2), undefined)).toBe(16);
  expect(bytesOfData(new DataView(new ArrayBuffer(9), 4), undefined)).toBe(5);
});

test('what has no size counts nothing', () => {
  for (const data of [undefined, null, 5, {}, [1, 2], new Set(['x'])]) expect(bytesOfData(data, undefined)).toBe(0);
});

test('results are counted as they report themselves', () => {
  expect(bytesOfResult(12)).toBe(12);
  expect(bytesOfResult({ bytesRead: 3, buffer: Buffer.alloc(8) })).toBe(3);
  expect(bytesOfResult({ bytesWritten: 4 })).toBe(4);
  for (const result of [undefined, null, 'x', {}, { bytesRead: 'many' }]) expect(bytesOfResult(result)).toBe(0);
});

test('any text and encoding agrees with Buffer', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('utf8', 'utf16le', 'latin1', 'base64'),
      (text, encoding) => {
        const data = Buffer.from(text, encoding as BufferEncoding);
        expect(bytesOfData(data.toString(encoding as BufferEncoding), encoding)).toBe(data.length);
      },
    ),
    runs(200),
  );
});
