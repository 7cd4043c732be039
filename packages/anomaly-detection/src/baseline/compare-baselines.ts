import { compareToBaseline, LogLinearHistogram } from '@sonde/statistics';
import { quantity } from '../incidents/sentence.ts';
import type { Baseline, BaselineEntry, BehaviourChange, DriftReport } from './types.ts';

/** False alarms of each comparison that are accepted. */
const FALSE_ALARMS = 1e-3;
/** Octaves that latencies must have moved: a quarter is 19 %. */
const LEAST_SHIFT = 0.25;
/** Share of calls above the former 99th percentile that matters. */
const LEAST_TAIL = 0.02;
const LEAST_FAILED = 0.01;
const LEAST_TIMES = 1.5;
/** Standard errors of a difference of shares. */
const STANDARD_ERRORS = 4;
/** Times that a rate must have changed by. */
const RATE_TIMES = 2;

/** What is otherwise now than in a baseline, the worst first. */
export function compareBaselines(before: Baseline, now: Baseline): DriftReport {
  const names = Object.keys(before.entries);
  const changes = names.flatMap((name) => {
    const current = Object.hasOwn(now.entries, name) ? now.entries[name] : undefined;
    return current === undefined ? [] : changesOf(name, before.entries[name] as BaselineEntry, current);
  });
  changes.sort((a, b) => Number(b.isWorse) - Number(a.isWorse) || b.weight - a.weight);
  const gone = names.filter((name) => !Object.hasOwn(now.entries, name));
  const added = Object.keys(now.entries).filter((name) => !Object.hasOwn(before.entries, name));
  const title = `Compared with ${before.release === '' ? 'the baseline' : before.release} of ${new Date(before.createdMs).toISOString()}`;
  const lines = changes.map((change) => `${wordOf(change).padEnd(6)} ${change.message}`);
  const text = [`${title}: ${changes.length === 0 ? 'nothing has changed' : `${changes.length} changes`}`, ...lines];
  if (gone.length > 0) text.push(`gone   ${gone.join(', ')}`);
  if (added.length > 0) text.push(`new    ${added.join(', ')}`);
  return { baseline: before.release, changes, gone, added, text: text.join('\n') };
}

function wordOf({ isWorse, what }: BehaviourChange): string {
  return isWorse ? 'worse' : what === 'rate' ? 'other' : 'better';
}

function changesOf(series: string, before: BaselineEntry, now: BaselineEntry): BehaviourChange[] {
  return [
    ...latencyChanges(series, before, now),
    ...errorChanges(series, before, now),
    ...rateChanges(series, before, now),
  ];
}

function latencyChanges(series: string, before: BaselineEntry, now: BaselineEntry): BehaviourChange[] {
  const former = LogLinearHistogram.fromState(before.latency);
  const latter = LogLinearHistogram.fromState(now.latency);
  if (former.count === 0 || latter.count === 0) return [];
  const drift = compareToBaseline(former, latter, { falseAlarms: FALSE_ALARMS });
  const isWorse = drift.shift > 0;
  if (drift.isShifted && Math.abs(drift.shift) >= LEAST_SHIFT) {
    const times = 2 ** Math.abs(drift.shift);
    const [was, is] = [former.quantile(0.5), latter.quantile(0.5)];
    const how = `${times.toPrecision(2)} times as ${isWorse ? 'long' : 'short'}`;
    const message = `${series}: calls take ${how} (median ${quantity(was, 's')}, now ${quantity(is, 's')})`;
    return [{ series, what: 'latency', isWorse, before: was, now: is, weight: drift.distance, message }];
  }
  if (!(drift.isTailHeavier && drift.tailShare >= LEAST_TAIL)) return [];
  const message = `${series}: ${quantity(drift.tailShare, '1')} of the calls are above the former 99th percentile (${quantity(former.quantile(0.99), 's')})`;
  return [
    { series, what: 'tail', isWorse: true, before: 0.01, now: drift.tailShare, weight: drift.tailShare, message },
  ];
}

function errorChanges(series: string, before: BaselineEntry, now: BaselineEntry): BehaviourChange[] {
  const [was, is] = [before.failed / before.calls, now.failed / now.calls];
  const both = (before.failed + now.failed + 1) / (before.calls + now.calls + 2);
  const error = Math.sqrt(both * (1 - both) * (1 / before.calls + 1 / now.calls));
  const change = is - was;
  const isLarge = Math.abs(change) >= LEAST_FAILED && Math.max(was, is) >= LEAST_TIMES * Math.min(was, is);
  if (!isLarge || Math.abs(change) < STANDARD_ERRORS * error) return [];
  const message = `${series}: ${quantity(is, '1')} of the calls fail, formerly ${quantity(was, '1')}`;
  const weight = 10 * Math.abs(change);
  return [{ series, what: 'error_share', isWorse: change > 0, before: was, now: is, weight, message }];
}

function rateChanges(series: string, before: BaselineEntry, now: BaselineEntry): BehaviourChange[] {
  const [was, is] = [before.perSecond, now.perSecond];
  const times = Math.max(was, is) / Math.min(was, is);
  if (!(times >= RATE_TIMES && Number.isFinite(times))) return [];
  const message = `${series}: ${quantity(is, '')} calls a second, formerly ${quantity(was, '')}`;
  // More or fewer calls are neither better nor worse by themselves.
  return [{ series, what: 'rate', isWorse: false, before: was, now: is, weight: Math.log2(times) / 10, message }];
}
