import fc from 'fast-check';
import {
  formatMember,
  isVouchedFor,
  putMember,
  takeMember,
  timestampOf,
} from '../../src/propagation/tracestate-member.ts';
import { runs } from '../seed.ts';

const STAMP = '0197a3c5d1e80003';
const OTHER = '0197a3c5d1e8ffff';

const key = fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,12}$/).filter((name) => name !== 'sonde');
const value = fc.stringMatching(/^[!-+\--<>-~]{1,12}$/);
const members = fc.uniqueArray(fc.record({ key, value }), { selector: (member) => member.key, maxLength: 20 });
const textOf = (list: readonly { key: string; value: string }[]): string =>
  list.map((member) => `${member.key}=${member.value}`).join(',');

test('what is put in comes out, and the members of others are as they were', () => {
  fc.assert(
    fc.property(members, (list) => {
      const others = textOf(list);
      const state = putMember(others, STAMP);
      expect(takeMember(state ?? '')).toEqual({ member: STAMP, rest: others });
      expect(state?.startsWith(`sonde=${STAMP}`)).toBe(true);
      expect(putMember(state ?? '', OTHER)).toBe(state?.replace(STAMP, OTHER));
    }),
    runs(200),
  );
});

test('a tracestate never grows beyond 32 members and 512 characters, and nobody else is pushed out', () => {
  const many = fc.uniqueArray(fc.record({ key, value }), { selector: (member) => member.key, maxLength: 40 });
  fc.assert(
    fc.property(many, (list) => {
      const others = textOf(list);
      const state = putMember(others, STAMP);
      const wouldBe = 22 + (list.length > 0 ? 1 + others.length : 0);
      expect(state !== undefined).toBe(list.length === 0 || (list.length < 32 && wouldBe <= 512));
      if (state !== undefined) expect(state.length).toBe(wouldBe);
    }),
    runs(200),
  );
});

test.each([
  ['at the last place of 32', `${Array.from({ length: 31 }, (_, i) => `k${i}=v`).join(',')}`, true],
  ['behind 32 others', `${Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(',')}`, false],
  ['up to 512 characters', `a=${'x'.repeat(487)}`, true],
  ['beyond them', `a=${'x'.repeat(488)}`, false],
])('there is room %s: %#', (_where, others, fits) => {
  expect(putMember(others, STAMP) !== undefined).toBe(fits);
});

test('an old member of ours makes room for the new one, wherever it stands and however often', () => {
  const others = Array.from({ length: 31 }, (_, i) => `k${i}=v`).join(',');
  expect(putMember(`sonde=${OTHER},${others}`, STAMP)).toBe(`sonde=${STAMP},${others}`);
  expect(putMember('a=1, sonde=x ,ot=th:8,sonde=y,,', STAMP)).toBe(`sonde=${STAMP},a=1,ot=th:8`);
});

test('of several the first counts, and none stays', () => {
  expect(takeMember(`sonde=${STAMP},a=1,sonde=${OTHER}`)).toEqual({ member: STAMP, rest: 'a=1' });
});

test.each(['xsonde=1', 'x@sonde=1', 'sonde2=1', 'a=sonde', 'Sonde=1', 'sonde', '__proto__=1', ''])(
  '%j is not ours',
  (state) => {
    expect(takeMember(state)).toEqual({ member: undefined, rest: state });
  },
);

test('what no header can be is not looked into', () => {
  const huge = `sonde=${STAMP},${'a=b,'.repeat(1_000_000)}`;
  expect(takeMember(huge)).toEqual({ member: undefined, rest: '' });
});

test('a member vouches for the one span that its sender had, and for none when it has none', () => {
  const [own, other] = ['b7ad6b7169203331', '00f067aa0ba902b7'];
  const member = formatMember(STAMP, own);
  expect(member).toBe(`${STAMP};69203331`);
  expect([timestampOf(member), isVouchedFor(member, own), isVouchedFor(member, other)]).toEqual([STAMP, true, false]);
  const relayed = formatMember(STAMP, '');
  expect([timestampOf(relayed), isVouchedFor(relayed, own)]).toEqual([STAMP, false]);
});

test.each(['', 'x', STAMP.slice(1), `${STAMP}0`, `${STAMP.slice(1)};69203331`, ';'])(
  '%j is handed to the clock as it is, to be refused',
  (member) => {
    expect(timestampOf(member)).toBe(member);
  },
);
