import { type Fault, isPointFault, type LoadSummary } from '../load/protocol.ts';
import type { DemoOptions } from '../options.ts';
import type { ScrapeLog } from '../scrape.ts';
import type { TelemetryStore } from '../telemetry/store.ts';
import type { Sample } from '../telemetry/timeline.ts';
import type { TraceStore } from '../telemetry/traces.ts';
import type { Anomalies } from './anomalies.ts';
import { anomaliesSection } from './anomalies-section.ts';
import { points, summary } from './figures.ts';
import { explains, slowSection, stallsSection } from './finding-sections.ts';
import type { Finding, Findings, SlowOperation, Stall } from './findings.ts';
import { clock, count, duration, plural } from './format.ts';
import { match, type Outcome } from './matching.ts';
import { messagesSection } from './messages-section.ts';
import { type Cell, flexible, left, lines, type Report, right, type Section, table, toned } from './model.ts';
import { processesSection } from './processes-section.ts';
import { routesSection } from './routes-section.ts';
import { samplingSection } from './sampling-section.ts';
import { streamSection, subsystemSections } from './subsystem-sections.ts';
import { timelineSection } from './timeline-section.ts';
import { traceSection } from './trace-section.ts';

export interface DemoFacts {
  readonly options: DemoOptions;
  readonly store: TelemetryStore;
  /** Of the shop itself; what the others exported stands beside it. */
  readonly pid: number;
  readonly traces: TraceStore;
  readonly samples: readonly Sample[];
  readonly findings: Findings;
  readonly anomalies: Anomalies;
  readonly faults: readonly Fault[];
  /** Undefined when the run was cut short. */
  readonly summary: LoadSummary | undefined;
  readonly scrapes: ScrapeLog;
  /** Address of the service. */
  readonly target: string;
  readonly startMs: number;
  readonly elapsedMs: number;
}

/** The report on the sample service: what Sonde exported, and at the end what it made of the faults. */
export function demoReport(facts: DemoFacts): Report {
  const { options, store, pid, traces, samples, findings, anomalies, faults, startMs, elapsedMs } = facts;
  const told = anomaliesSection({ anomalies, faults, startMs });
  const shop = store.ofProcess(pid);
  const processes = processesSection(store);
  const messages = messagesSection(store);
  const stalls = findings.stalls();
  const slow = findings.slowOperations();
  const context = { startMs, stalls };
  return {
    title: 'What Sonde saw',
    facts: [
      `${clock(elapsedMs)} at ${options.rate} requests/s, seed ${options.seed}, Node.js ${process.version}`,
      `from ${plural(store.counts.spans, 'span')}, ${plural(store.counts.logs, 'log record')} and ${count(store.metricNames().length)} metrics that the service exported`,
      ...(facts.summary === undefined ? ['interrupted: the run was cut short'] : []),
    ],
    sections: [
      timelineSection({ samples, faults, anomalies: anomalies.all(), startMs, elapsedMs }),
      ...(told === undefined ? [] : [told]),
      routesSection(shop),
      samplingSection(shop, options.traces, elapsedMs),
      ...[processes, messages].filter((section) => section !== undefined),
      ...subsystemSections(shop),
      slowSection(slow, context),
      stallsSection(context),
      traceSection({ traces, startMs }),
      streamSection(shop),
      crossCheckSection(facts),
      faultsSection({ faults, slow: ownOf(slow, facts), stalls: ownOf(stalls, facts), startMs }),
    ],
  };
}

/** What the shop itself suffered from while it was under load, its threads included. */
function ownOf<T extends Finding>(found: readonly T[], { pid, startMs }: DemoFacts): T[] {
  return found.filter((finding) => finding.pid === pid && finding.startMs + finding.durationMs >= startMs);
}

/** Whether the telemetry agrees with those who made the load and read /metrics. */
function crossCheckSection({ store, pid, summary: load, scrapes, target }: DemoFacts): Section {
  const shop = store.ofProcess(pid);
  const served = summary(points(shop, 'http.server.request.duration')).count;
  const port = new URL(target).port;
  const internal = summary(points(shop, 'http.client.request.duration', { 'server.port': port })).count;
  const sent = load?.routes.reduce((sum, { sent: requests }) => sum + requests, 0);
  const isSame = sent !== undefined && sent + internal === served;
  const countLine =
    sent === undefined
      ? toned(`Sonde counted ${count(served)} requests.`, 'dim')
      : toned(
          `The load side sent ${count(sent)} requests and the service ${count(internal)} to itself; Sonde counted ${count(served)}.`,
          isSame ? 'good' : 'warn',
        );
  const shed = load?.shed ?? 0;
  const { scrapes: reads, failed, series, bytes: size, slowestMs } = scrapes;
  const scrapeText =
    reads + failed === 0
      ? 'The run was too short for a look at /metrics.'
      : `/metrics was read ${plural(reads, 'time')}: ${count(series)} series, ${count(size)} bytes, slowest answer ${duration(slowestMs)}${failed > 0 ? `; ${plural(failed, 'read')} failed` : ''}.`;
  return {
    title: 'Cross-check',
    blocks: [
      lines(
        countLine,
        failed > 0 ? toned(scrapeText, 'bad') : scrapeText,
        ...(shed > 0 ? [toned(`${plural(shed, 'request')} not sent because too many were under way.`, 'warn')] : []),
      ),
    ],
  };
}

interface FaultFacts {
  readonly faults: readonly Fault[];
  readonly slow: readonly SlowOperation[];
  readonly stalls: readonly Stall[];
  readonly startMs: number;
}

/** The log of the load side against the reports of Sonde. */
function faultsSection({ faults: all, slow, stalls, startMs }: FaultFacts): Section {
  const title = 'Injected faults';
  const faults = all.filter(isPointFault);
  if (faults.length === 0) return { title, blocks: [lines(toned('None of a single request was injected.', 'dim'))] };
  const { outcomes, otherStalls } = match(faults, slow, stalls);
  const foundCount = outcomes.filter(({ found }) => found !== undefined).length;
  const missed = faults.length - foundCount;
  const verdict = toned(`${foundCount} of ${faults.length} found, ${missed} missed.`, missed === 0 ? 'good' : 'bad');
  const strays = slow.filter(
    (operation) =>
      !outcomes.some(({ found }) => found === operation) &&
      !stalls.some((stall) => explains(stall, operation)) &&
      !isDuringSlowness(all, operation),
  ).length;
  return {
    title,
    blocks: [
      table(
        [
          right('at'),
          left('fault'),
          flexible('route'),
          right('planned'),
          right('waited'),
          left('found'),
          right('after'),
          flexible('Sonde named'),
        ],
        outcomes.map((outcome) => outcomeRow(outcome, startMs)),
      ),
      lines(
        verdict,
        toned(
          '"waited" is what the client saw; "after" is from the start of the fault to the arrival of its report here.',
          'dim',
        ),
        toned(
          `Not injected, and reported as well: ${plural(otherStalls.length, 'stall')}, and ${plural(strays, 'slow operation')} outside of any stall.`,
          'dim',
        ),
      ),
    ],
  };
}

/** A filesystem that is slow on purpose makes many operations slow: none of them is a surprise. */
function isDuringSlowness(faults: readonly Fault[], { startMs, durationMs }: SlowOperation): boolean {
  return faults.some(
    (fault) =>
      fault.kind === 'slow-filesystem' &&
      startMs + durationMs >= fault.startMs &&
      startMs <= (fault.endMs ?? fault.startMs + fault.durationMs),
  );
}

function outcomeRow(outcome: Outcome, startMs: number): Cell[] {
  const { fault, found, afterMs, hasRoute, hasCause } = outcome;
  const waited = duration((fault.endMs ?? Number.NaN) - fault.startMs);
  const what = fault.kind === 'slow-file' ? `slow file, ${fault.slowness}` : `blocked loop, ${fault.phase} await`;
  const start: Cell[] = [clock(fault.startMs - startMs), what, fault.route, duration(fault.durationMs), waited];
  if (found === undefined) return [...start, toned('missed', 'bad'), '-', '-'];
  const cause = fault.kind === 'slow-file' ? 'path' : fault.culprit;
  const named = [hasRoute ? 'route' : '', hasCause ? cause : ''].filter((name) => name !== '').join(', ');
  return [
    ...start,
    toned(`yes, ${duration(found.durationMs)}`, 'good'),
    clock(afterMs),
    hasRoute && hasCause ? named : toned(named || 'neither route nor cause', 'warn'),
  ];
}
