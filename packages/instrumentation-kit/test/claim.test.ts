import { claim } from '../src/claim.ts';

test('one holds a claim at a time, whoever comes second gets none', () => {
  const release = claim('claim.test');
  expect(release).toBeInstanceOf(Function);
  expect(claim('claim.test')).toBeUndefined();
  expect(claim('claim.test.other')).toBeInstanceOf(Function);
  release?.();
  expect(claim('claim.test')).toBeInstanceOf(Function);
});

test('giving back twice does not take it from the next holder', () => {
  const release = claim('claim.test.twice');
  release?.();
  claim('claim.test.twice');
  release?.();
  expect(claim('claim.test.twice')).toBeUndefined();
});
