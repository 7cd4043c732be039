import { errorCode } from '../src/error-code.ts';

test.each([
  [Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT'],
  [new DOMException('x', 'AbortError'), 'AbortError'],
  [new TypeError('x'), 'TypeError'],
  [Object.assign(new Error('x'), { code: '' }), 'Error'],
  [Object.assign(new Error('x'), { code: 5, name: 5 }), '_OTHER'],
  ['text', '_OTHER'],
  [undefined, '_OTHER'],
  [null, '_OTHER'],
])('%p has the code %p', (error, code) => {
  expect(errorCode(error)).toBe(code);
});

test('an error whose getters throw has no code of its own', () => {
  const error = {
    get code(): string {
      throw new Error('x');
    },
  };
  expect(errorCode(error)).toBe('_OTHER');
});
