import { ThreadLook, WaitRecognizer } from '../src/thread-look.ts';

const waiting = (stack: string, call = 281): string => `${call} 0x10 0x${stack} 0x400 0xdc 0x0 0x8 0x7f 0x7f\n`;

function confirmed(): WaitRecognizer {
  const recognizer = new WaitRecognizer('x64');
  recognizer.isWaiting(waiting('7ffe4caf3a70'), 1);
  recognizer.isWaiting(waiting('7ffe4caf3a70'), 2);
  return recognizer;
}

test('a thread that polls on the stack of its own loop is waiting', () => {
  expect(confirmed().isWaiting(waiting('7ffe4caf3a70'), 2)).toBe(true);
});

test('a thread that runs, reads, or waits for a lock is not', () => {
  const recognizer = confirmed();
  for (const text of ['running\n', '-1 0x7ffe 0x7f\n', '0 0x3 0x7ffe4caf3a70 0x1 \n', '202 0x7f 0x0 0x0 \n', '', 'x']) {
    expect([text, recognizer.isWaiting(text, 2)]).toEqual([text, false]);
  }
});

test('a loop inside of a callback (execSync) is not the loop of the thread', () => {
  const recognizer = confirmed();
  expect(recognizer.isWaiting(waiting('7ffe4caf2c10'), 3)).toBe(false);
  expect(recognizer.needsTurn).toBe(false);
});

test('what is seen first may be a loop inside of a callback: it takes two turns to be sure', () => {
  const recognizer = new WaitRecognizer('x64');
  expect(recognizer.needsTurn).toBe(false);
  expect(recognizer.isWaiting(waiting('7ffe4caf2c10'), 5)).toBe(false);
  expect(recognizer.needsTurn).toBe(true);
  expect(recognizer.isWaiting(waiting('7ffe4caf2c10'), 5)).toBe(false);
  // The callback is over; the thread's own loop has a shorter stack.
  expect(recognizer.isWaiting(waiting('7ffe4caf3a70'), 6)).toBe(false);
  expect(recognizer.isWaiting(waiting('7ffe4caf3a70'), 7)).toBe(true);
  expect(recognizer.isWaiting(waiting('7ffe4caf2c10'), 8)).toBe(false);
});

test('addresses are compared as numbers', () => {
  const recognizer = new WaitRecognizer('x64');
  recognizer.isWaiting(waiting('fffffff0'), 1);
  recognizer.isWaiting(waiting('7ffe4caf3a70'), 1);
  expect(recognizer.isWaiting(waiting('fffffff0'), 2)).toBe(false);
  expect(recognizer.isWaiting(waiting('7ffe4caf3a70'), 2)).toBe(true);
});

test('system calls have other numbers on other architectures', () => {
  const recognizer = new WaitRecognizer('arm64');
  recognizer.isWaiting(waiting('7ffe4caf3a70', 22), 1);
  expect(recognizer.isWaiting(waiting('7ffe4caf3a70', 22), 2)).toBe(true);
  expect(recognizer.isWaiting(waiting('7ffe4caf3a70', 281), 2)).toBe(false);
  expect(new WaitRecognizer('mips').isUsable).toBe(false);
});

test('a thread that does not exist can be looked at, but not seen', () => {
  const look = new ThreadLook(2 ** 30, 'x64');
  expect(look.canSeeWaiting).toBe(false);
  expect(look.isWaiting(1)).toBe(false);
  expect(look.cpu(5)).toBeUndefined();
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('the CPU time of this thread grows with its work', () => {
  const look = new ThreadLook(process.pid);
  const before = look.cpu(1);
  const end = performance.now() + 30;
  while (performance.now() < end);
  const after = look.cpu(2);
  expect(after?.atMs).toBe(2);
  expect((after?.runNanos ?? 0) + (after?.waitNanos ?? 0)).toBeGreaterThan(
    (before?.runNanos ?? 0) + (before?.waitNanos ?? 0),
  );
});
