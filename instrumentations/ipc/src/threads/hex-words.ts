/** Value of a lower-case hex digit by character code; 16 or more for everything else. */
const DIGITS = new Uint8Array(128).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;

const WORD_DIGITS = 8;

/**
 * Writes an id as 32-bit words.
 * @returns false for anything but `count` words of lower-case hex; the target then holds rubbish
 */
export function writeHex(text: string, target: Int32Array, at: number, count: number): boolean {
  if (typeof text !== 'string' || text.length !== count * WORD_DIGITS) return false;
  let invalid = 0;
  for (let word = 0; word < count; word++) {
    let bits = 0;
    for (let i = word * WORD_DIGITS; i < (word + 1) * WORD_DIGITS; i++) {
      const code = text.charCodeAt(i);
      const digit = code < 128 ? (DIGITS[code] as number) : 255;
      invalid |= digit;
      bits = (bits << 4) | digit;
    }
    target[at + word] = bits;
  }
  return invalid < 16;
}

/** Eight hex digits of a word. */
export function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(WORD_DIGITS, '0');
}
