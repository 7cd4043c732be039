import { createEventStream, type EventDefinition } from '../src/index.ts';
import { DENIED, READ } from './streams.ts';

const label = (key: string) => ({ key, description: 'A label.' });

it.each([
  [undefined, 'a definition must be an object, got undefined'],
  [{ ...READ, name: '' }, 'event name must be dotted lower-case words of at most 255 characters, got ""'],
  [
    { ...READ, name: '__proto__' },
    'event name must be dotted lower-case words of at most 255 characters, got "__proto__"',
  ],
  [
    { ...READ, name: 'a.\u0000b' },
    'event name must be dotted lower-case words of at most 255 characters, got "a.\\u0000b"',
  ],
  [{ ...READ, name: 'a'.repeat(256) }, 'event name must be dotted lower-case words of at most 255 characters'],
  [{ ...READ, name: 5 }, 'event name must be dotted lower-case words of at most 255 characters, got 5'],
  [{ ...READ, category: 'disk' }, 'category of test.read must be one of process, syscall,'],
  [{ ...READ, severity: 0 }, 'severity of test.read must be an integer from 1 to 24, got 0'],
  [{ ...READ, severity: 25 }, 'severity of test.read must be an integer from 1 to 24, got 25'],
  [{ ...READ, severity: 9.5 }, 'severity of test.read must be an integer from 1 to 24, got 9.5'],
  [{ ...READ, labels: [label('a'), label('b'), label('c')] }, 'labels of test.read must be a list of at most 2'],
  [{ ...READ, labels: 'a' }, 'labels of test.read must be a list of at most 2'],
  [
    { ...READ, labels: [label('__proto__')] },
    'field key must be dotted lower-case words of at most 255 characters, got "__proto__"',
  ],
  [
    { ...READ, value: { key: 'No', description: '' } },
    'field key must be dotted lower-case words of at most 255 characters, got "No"',
  ],
])('refuses what is malformed: %#', (definition, words) => {
  expect(() => createEventStream().event(definition as EventDefinition)).toThrow(TypeError);
  expect(() => createEventStream().event(definition as EventDefinition)).toThrow(words);
});

it.each([1, 24])('takes the severity %i and a name of 255 characters', (severity) => {
  const definition = { ...DENIED, severity, name: 'a'.repeat(255) };
  expect(createEventStream().event(definition).definition).toEqual(definition);
});

it('gives the same handle for the same definition, or one that looks the same', () => {
  const stream = createEventStream();
  const handle = stream.event(READ);
  expect(stream.event(READ)).toBe(handle);
  expect(stream.event({ ...READ, description: 'Told in other words.' })).toBe(handle);
});

it.each([
  ['category', { ...READ, category: 'network' }],
  ['severity', { ...READ, severity: 13 }],
  ['unit', { ...READ, value: { ...READ.value, unit: 'ms' } }],
  ['label', { ...READ, labels: READ.labels?.slice(1) }],
  ['text', { ...READ, text: undefined }],
])('refuses a known name with another %s', (_what, definition) => {
  const stream = createEventStream();
  stream.event(READ);
  expect(() => stream.event(definition as EventDefinition)).toThrow(
    /event test\.read must keep the shape it was defined with/,
  );
});

it('keeps a frozen copy, so that what readers see cannot be changed afterwards', () => {
  const labels = [{ key: 'a', description: '' }];
  const definition = { ...READ, labels, unknown: 'field' };
  const handle = createEventStream().event(definition);
  labels.push({ key: 'b', description: '' });
  expect(handle.definition.labels).toEqual([{ key: 'a', description: '' }]);
  expect(handle.definition).not.toHaveProperty('unknown');
  expect(Object.isFrozen(handle.definition)).toBe(true);
});

it('lists the definitions by their numbers', () => {
  const stream = createEventStream();
  stream.event(READ);
  stream.event(DENIED);
  expect(stream.definitions()).toEqual([READ, DENIED]);
});
