import { createTraceState, type TraceState } from '@opentelemetry/api';
import { TraceState as CoreTraceState } from '@opentelemetry/core';
import fc from 'fast-check';
import { parseOtMember, thresholdState, withThreshold } from '../src/ot-member.ts';
import { runs } from './seed.ts';

const RV = '0123456789abcd';
const implementations: [string, (raw: string) => TraceState][] = [
  ['api', (raw) => createTraceState(raw)],
  ['core', (raw) => new CoreTraceState(raw)],
];

describe('reading', () => {
  test.each([
    ['th:0', { th: '0', rv: '', rest: [] }],
    ['th:fd70a4;rv:0123456789abcd', { th: 'fd70a4', rv: RV, rest: [] }],
    ['k1:13;th:c;a:', { th: 'c', rv: '', rest: ['k1:13', 'a:'] }],
    ['th:1;th:2', { th: '2', rv: '', rest: [] }],
    ['rv:0123456789ABCD', { th: '', rv: '0123456789ABCD', rest: [] }],
  ])('%s', (member, expected) => {
    expect(parseOtMember(member)).toEqual(expected);
  });

  test.each([
    ['no digits', 'th:'],
    ['15 digits', 'th:123456789abcdef'],
    ['a sign', 'th:-1'],
    ['what BigInt would take', 'th:0x1'],
    ['a space', 'th: 1'],
    ['other letters', 'th:fg'],
    ['13 digits of randomness', 'rv:0123456789abc'],
    ['15 digits of randomness', 'rv:0123456789abcde'],
    ['randomness that is no hex', 'rv:0123456789abcz'],
    ['nothing', ''],
    ['separators', ';;;'],
    ['another case of the key', 'TH:1'],
    ['more than 256 characters', `th:1;k:${'x'.repeat(256)}`],
  ])('%s is neither threshold nor randomness', (_, member) => {
    expect(parseOtMember(member)).toMatchObject({ th: '', rv: '' });
  });

  test('whatever is received gives valid parts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (member) => {
        const { th, rv } = parseOtMember(member);
        expect(th).toMatch(/^[0-9a-fA-F]{0,14}$/);
        expect(rv).toMatch(/^([0-9a-fA-F]{14})?$/);
      }),
      runs(300),
    );
  });
});

describe.each(implementations)('writing into the tracestate of %s', (_, create) => {
  test('keeps other vendors, rv and other sub-keys', () => {
    const state = withThreshold(create(`a=1,ot=th:1;rv:${RV};k:v,b=2`), 'fd70a');
    expect(state.get('ot')).toBe(`th:fd70a;rv:${RV};k:v`);
    expect([state.get('a'), state.get('b')]).toEqual(['1', '2']);
  });

  test('takes the threshold out, and the member when nothing is left of it', () => {
    expect(withThreshold(create(`ot=th:1;rv:${RV}`), '').serialize()).toBe(`ot=rv:${RV}`);
    expect(withThreshold(create('a=1,ot=th:1'), '').serialize()).toBe('a=1');
  });

  test('returns what needs no change as it is', () => {
    const state = create('a=1,ot=th:c');
    expect(withThreshold(state, 'c')).toBe(state);
    const foreign = create('a=1');
    expect(withThreshold(foreign, '')).toBe(foreign);
  });

  test('takes malformed parts out with the threshold', () => {
    expect(withThreshold(create('ot=th:xyz;rv:12;k:v'), 'c').get('ot')).toBe('th:c;k:v');
  });

  test('leaves the threshold out when there are 32 members', () => {
    const full = Array.from({ length: 32 }, (__, n) => `v${n}=${n}`).join(',');
    expect(withThreshold(create(full), 'c').serialize()).toBe(create(full).serialize());
  });

  test('never leaves a stale threshold where the new one does not fit', () => {
    const rest = `k:${'x'.repeat(245)}`;
    expect(withThreshold(create(`ot=th:1;${rest}`), 'fd70a4123456').get('ot')).toBe(rest);
    const full = `ot=th:1,a=${'x'.repeat(250)},b=${'y'.repeat(244)}`;
    expect(withThreshold(create(full), 'fd70a4123456').get('ot')).toBeUndefined();
  });

  test('whatever was there: the new threshold or none, and the others as they were', () => {
    const member = fc.string({ unit: fc.constantFrom(...'thrv:;0f-zZ._'), minLength: 1, maxLength: 256 });
    const others = fc.array(fc.stringMatching(/^[a-z0-9]{1,20}$/), { maxLength: 31 });
    fc.assert(
      fc.property(member, others, fc.stringMatching(/^[0-9a-e]{1,12}$/), (ot, values, th) => {
        const state = create([`ot=${ot}`, ...values.map((value, n) => `v${n}=${value}`)].join(','));
        const written = withThreshold(state, th);
        expect([th, '']).toContain(parseOtMember(written.get('ot')).th);
        expect(parseOtMember(written.get('ot')).rest).toEqual(parseOtMember(state.get('ot')).rest);
        for (let n = 0; n < values.length; n += 1) expect(written.get(`v${n}`)).toBe(state.get(`v${n}`));
        expect(parseOtMember(withThreshold(written, '').get('ot')).th).toBe('');
      }),
      runs(200),
    );
  });
});

test('a new tracestate says the threshold alone', () => {
  expect(thresholdState('fd70a').serialize()).toBe('ot=th:fd70a');
});
