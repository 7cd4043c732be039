import { SeverityNumber } from '@opentelemetry/api';
import { severityText } from '../src/severity-text.ts';

test('every severity number has the short name of the logs data model', () => {
  for (let number = 1; number <= 24; number += 1) expect(severityText(number)).toBe(SeverityNumber[number]);
});

test.each([0, 25, -1, Number.NaN, Number.POSITIVE_INFINITY])('%p is outside the range and has none', (number) => {
  expect(severityText(number)).toBe('');
});
