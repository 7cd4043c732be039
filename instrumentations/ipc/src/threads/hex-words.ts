/** Value of a lower-case hex digit by character code; 16 or more for everything else. */
const DIGITS = new Uint8Array(128).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;

const WORD_DIGITS = 8;

/**
 * Fills 32-bit words with the hex digits of a text.
 * @param from where in the text they begin
 * @returns false when there are fewer lower-case hex digits than that; the target then holds rubbish
 */
export function writeHex(text: string, target: Int32Array, from: number): boolean {
  if (typeof text !== 'string') return false;
  let invalid = 0;
  for (let word = 0; word < target.length; word++) {
    const at = from + word * WORD_DIGITS;
    let bits = 0;
    for (let i = at; i < at + WORD_DIGITS; i++) {
      const code = text.charCodeAt(i);
      const digit = code < 128 ? (DIGITS[code] as number) : 255;
      invalid |= digit;
      bits = (bits << 4) | digit;
    }
    target[word] = bits;
  }
  return invalid < 16;
}

/** Eight hex digits of a word. */
export function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(WORD_DIGITS, '0');
}
