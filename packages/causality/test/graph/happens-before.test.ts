// long: 50 times as many simulated histories of processes whose clocks are skewed and jump
import fc from 'fast-check';
import { CausalGraph } from '../../src/index.ts';
import { MAX_DRIFT_MS, Simulation, simulations } from '../fixtures/simulation.ts';
import { runs } from '../seed.ts';

/** Everything that may happen, with clocks further apart than they accept. */
const WILD = simulations({
  actions: ['event', 'event', 'root', 'child', 'send', 'send', 'receive', 'receive', 'relay', 'batch'],
  maxSkewMs: 2 * MAX_DRIFT_MS,
  maxJumpMs: 2 * MAX_DRIFT_MS,
});

/** Every message makes a span where it is received, and no clock is refused. */
const CARRIED = simulations({
  actions: ['event', 'event', 'root', 'child', 'send', 'send', 'receive', 'receive'],
  maxSkewMs: MAX_DRIFT_MS / 2 - 10,
  maxJumpMs: 0,
});

/** Contexts are mostly passed on. */
const RELAYED = simulations({
  actions: ['event', 'event', 'root', 'send', 'send', 'send', 'relay', 'relay', 'receive'],
  maxSkewMs: 10,
  maxJumpMs: 0,
});

test('along every carried edge that a clock accepts, and within every thread, timestamps ascend', () => {
  let accepted = 0;
  fc.assert(
    fc.property(WILD, (simulation) => {
      const hlcs = new Map(simulation.records().map(({ record, moment }) => [moment, record.hlc]));
      for (const { senderHlc, isAccepted, receiver } of simulation.edges) {
        if (!isAccepted) continue;
        accepted += 1;
        expect(hlcs.get(receiver)).toBeGreaterThan(senderHlc);
      }
      for (const { stream } of simulation.processes) {
        const own = stream.query().records();
        for (let i = 1; i < own.length; i += 1) expect(own[i]?.hlc).toBeGreaterThan(own[i - 1]?.hlc ?? 0n);
      }
    }),
    runs(150),
  );
  expect(accepted).toBeGreaterThan(100);
});

test('with clocks within the drift of each other no edge is refused', () => {
  fc.assert(
    fc.property(CARRIED, ({ edges, processes }) => {
      expect(edges.every(({ isAccepted }) => isAccepted)).toBe(true);
      expect(processes.map(({ stream }) => stream.clock.rejected)).toEqual(processes.map(() => 0));
    }),
    runs(100),
  );
});

test('no clock is ever further ahead of its own than the drift, whatever the others say', () => {
  fc.assert(
    fc.property(WILD, ({ processes }) => {
      for (const { stream, furthestEpochMs } of processes) {
        expect(stream.clock.physicalMs).toBeLessThanOrEqual(furthestEpochMs + MAX_DRIFT_MS + 1);
      }
    }),
    runs(150),
  );
});

test('an order that is claimed is true, however clocks jump and contexts are passed on', () => {
  let claims = 0;
  fc.assert(
    fc.property(fc.oneof(WILD, RELAYED), (simulation) => {
      const all = simulation.records();
      const graph = new CausalGraph(all.map(({ record }) => record));
      for (const a of all) {
        for (const b of all) {
          const order = graph.happenedBefore(a.record, b.record);
          if (a.record.pid !== b.record.pid && order !== 'unknown') claims += 1;
          if (order === 'before') expect(Simulation.isBefore(a.moment, b.moment)).toBe(true);
          if (order === 'after') expect(Simulation.isBefore(b.moment, a.moment)).toBe(true);
          expect(order === 'same').toBe(a === b);
        }
      }
    }),
    runs(150),
  );
  expect(claims).toBeGreaterThan(100);
});

test('where every message makes a span, all that is ordered is known to be', () => {
  fc.assert(
    fc.property(CARRIED, (simulation) => {
      const all = simulation.records();
      const graph = new CausalGraph(all.map(({ record }) => record));
      const receipts = new Set(simulation.edges.map(({ receiver }) => receiver));
      for (const a of all) {
        for (const b of all) {
          // The event just after a receipt has no edge of its own yet: the span that follows it has.
          if (receipts.has(b.moment) || !Simulation.isBefore(a.moment, b.moment)) continue;
          expect(graph.happenedBefore(a.record, b.record)).toBe('before');
        }
      }
    }),
    runs(60),
  );
});

test('ancestors happened before, and descendants after', () => {
  let found = 0;
  fc.assert(
    fc.property(fc.oneof(WILD, RELAYED), (simulation) => {
      const all = simulation.records();
      const momentOf = new Map(all.map(({ record, moment }) => [record, moment]));
      const graph = new CausalGraph(momentOf.keys());
      for (const { record, moment } of all) {
        for (const ancestor of graph.ancestors(record)) {
          found += 1;
          const before = momentOf.get(ancestor);
          expect(before !== undefined && Simulation.isBefore(before, moment)).toBe(true);
        }
        for (const descendant of graph.descendants(record)) {
          found += 1;
          const after = momentOf.get(descendant);
          expect(after !== undefined && Simulation.isBefore(moment, after)).toBe(true);
        }
      }
    }),
    runs(100),
  );
  expect(found).toBeGreaterThan(100);
});
