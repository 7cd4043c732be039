const RANGES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;

/**
 * The short name of an OpenTelemetry severity number: 13 is `WARN`, 14 is `WARN2`; '' outside 1..24.
 * https://opentelemetry.io/docs/specs/otel/logs/data-model/#displaying-severity
 */
export function severityText(severity: number): string {
  const index = Math.trunc(severity) - 1;
  const step = index % 4;
  const range = RANGES[Math.floor(index / 4)];
  if (range === undefined) return '';
  return step === 0 ? range : `${range}${step + 1}`;
}
