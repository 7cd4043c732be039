import fc from 'fast-check';
import { createPathRedactor, PATH_POLICIES, printable } from '../src/redaction.ts';
import { runs } from './seed.ts';

const redacted = createPathRedactor('redacted');

test.each([
  ['/etc/hosts', '/etc/*'],
  ['/srv/app/config.json', '/srv/app/*.json'],
  ['/home/alice/notes/tax return.pdf', '/home/*/notes/*.pdf'],
  ['/Users/bob/x.txt', '/Users/*/*.txt'],
  ['/srv/uploads/8f14e45f-ceea-467f-9a6b/photo.png', '/srv/uploads/*/*.png'],
  ['/var/mail/alice@example.org/inbox', '/var/mail/*/*'],
  ['/data/2024/report.csv', '/data/*/*.csv'],
  ['/var/log/.hidden', '/var/log/*'],
  ['relative/name.tar.gz', 'relative/*.gz'],
  ['../up/./x', '../up/./*'],
  ['/tmp/a.verylongextension', '/tmp/*'],
  ['/', '/'],
  ['', ''],
])('%p is told as %p', (path, told) => {
  expect(redacted(path)).toBe(told);
});

test('no file name survives redaction', () => {
  // Longer than the names of the folders, which may stay.
  const name = fc.stringMatching(/^[a-z]{5,12}$/);
  fc.assert(
    fc.property(name, (secret) => {
      expect(redacted(`/srv/app/${secret}`)).not.toContain(secret);
      expect(redacted(`/home/${secret}/x`)).not.toContain(secret);
    }),
    runs(100),
  );
});

test('none tells nothing, full tells all', () => {
  expect(createPathRedactor('none')('/srv/x')).toBeUndefined();
  expect(createPathRedactor('full')('/srv/x')).toBe('/srv/x');
});

test('a hash is the same for the same path and key only', () => {
  const one = createPathRedactor('hashed', 'key');
  const other = createPathRedactor('hashed', 'other key');
  expect(one('/srv/x')).toMatch(/^[\da-f]{16}$/);
  expect(one('/srv/x')).toBe(createPathRedactor('hashed', 'key')('/srv/x'));
  expect(one('/srv/x')).not.toBe(one('/srv/y'));
  expect(one('/srv/x')).not.toBe(other('/srv/x'));
  expect(createPathRedactor('hashed')('/srv/x')).not.toBe(createPathRedactor('hashed')('/srv/x'));
});

test('whatever a path holds, what is told is short, well-formed and free of control characters', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 2000 }),
    fc.constantFrom('\ud800', 'a\nb\u001b[31m', '__proto__'),
  );
  fc.assert(
    fc.property(anything, fc.constantFrom(...PATH_POLICIES), (path, policy) => {
      const told = createPathRedactor(policy)(path) ?? '';
      expect(told.length).toBeLessThanOrEqual(513);
      expect(told.isWellFormed()).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(told).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    }),
    runs(300),
  );
});

test('an ordinary text stays as it is', () => {
  expect(printable('/srv/ä b/ü.txt')).toBe('/srv/ä b/ü.txt');
});
