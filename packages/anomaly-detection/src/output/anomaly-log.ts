import { type Attributes, type HrTime, ROOT_CONTEXT } from '@opentelemetry/api';
import { globalLoggerProvider, guard, unobserved } from '@sonde/instrumentation-kit';
import { TELEMETRY } from '../semantic-names.ts';
import type { Anomaly } from '../types.ts';

const { attributes: NAMES } = TELEMETRY;
/** OpenTelemetry severity numbers. */
export const SEVERITY_NUMBERS = { info: 9, warning: 13, error: 17 } as const;
const SEVERITY_TEXTS = { info: 'INFO', warning: 'WARN', error: 'ERROR' } as const;

/** The end of an anomaly is information, whatever it was. */
export function levelOf({ state, severity }: Anomaly): 'info' | 'warning' | 'error' {
  return state === 'started' ? severity : 'info';
}

/** Everything that is known of an anomaly, as log attributes. Numbers that are none are left out. */
export function attributesOf(anomaly: Anomaly): Attributes {
  const attributes: Attributes = {
    [NAMES.series.name]: anomaly.series,
    [NAMES.source.name]: anomaly.source,
    [NAMES.state.name]: anomaly.state,
    [NAMES.direction.name]: anomaly.direction,
    [NAMES.severity.name]: anomaly.severity,
    [NAMES.unit.name]: anomaly.unit,
    [NAMES.onset.name]: Math.round(anomaly.onsetMs),
    [NAMES.folded.name]: [...anomaly.folded],
    [NAMES.movedTogether.name]: anomaly.movedTogether.map(({ series }) => series),
  };
  const numbers: readonly (readonly [name: string, value: number])[] = [
    [NAMES.score.name, anomaly.score],
    [NAMES.value.name, anomaly.value],
    [NAMES.peak.name, anomaly.peak],
    [NAMES.low.name, anomaly.expectedLow],
    [NAMES.high.name, anomaly.expectedHigh],
    [NAMES.duration.name, anomaly.endedMs === undefined ? Number.NaN : (anomaly.endedMs - anomaly.onsetMs) / 1000],
  ];
  for (const [name, value] of numbers) if (Number.isFinite(value)) attributes[name] = value;
  return attributes;
}

function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.min(999_999_999, Math.round((epochMs - seconds * 1000) * 1e6))];
}

/** Writes an anomaly to the registered logger provider, if there is one. */
export function writeLog(anomaly: Anomaly, nowMs: number): void {
  const provider = globalLoggerProvider();
  if (provider === undefined) return;
  const level = levelOf(anomaly);
  guard(
    'anomaly-detection.log',
    () =>
      // Nothing of Sonde observes what the log pipeline does meanwhile.
      unobserved(() =>
        provider.getLogger(TELEMETRY.scope, TELEMETRY.version).emit({
          eventName: TELEMETRY.events.anomaly.name,
          timestamp: toHrTime(nowMs),
          severityNumber: SEVERITY_NUMBERS[level],
          severityText: SEVERITY_TEXTS[level],
          body: anomaly.message,
          attributes: attributesOf(anomaly),
          context: ROOT_CONTEXT,
        }),
      ),
    undefined,
  );
}
