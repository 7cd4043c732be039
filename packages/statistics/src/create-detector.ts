import { StreamingDetector } from './streaming-detector.ts';
import { ZScoreDetector, type ZScoreDetectorConfig } from './zscore-detector.ts';

export type DetectorConfig = { readonly kind?: 'full' | 'lite' } | (ZScoreDetectorConfig & { readonly kind: 'zscore' });

/**
 * A detector by name: `full` (the default) and `lite` for series, `zscore` for streams of events.
 * @throws RangeError for another kind, or an option outside its range
 */
export function createDetector(config: DetectorConfig = {}): StreamingDetector | ZScoreDetector {
  return config.kind === 'zscore' ? new ZScoreDetector(config) : new StreamingDetector(config.kind ?? 'full');
}
