import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as batch from '../src/batch/batch.ts';
import * as links from '../src/batch/link-causes.ts';
import * as emitting from '../src/chains/emit-causal.ts';
import * as chains from '../src/chains/run-in-chain.ts';
import * as graph from '../src/graph/causal-graph.ts';
import * as queries from '../src/graph/queries.ts';
import * as causality from '../src/index.ts';
import * as order from '../src/order/causal-order-span-processor.ts';
import * as starts from '../src/order/note-span-start.ts';
import * as stamps from '../src/order/stamp-span.ts';
import * as propagator from '../src/propagation/causality-propagator.ts';
import * as hooks from '../src/propagation/http-response-hook.ts';
import * as responses from '../src/propagation/response-timestamp.ts';

const README = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
const { TELEMETRY } = causality;

/** The options in the first table below a sentence. */
function optionsBelow(sentence: string): (string | undefined)[] {
  const [, after = ''] = README.split(sentence);
  const [table = ''] = after.trimStart().split('\n\n');
  return [...table.matchAll(/^\| `(\w+)` +\|/gm)].map(([, option]) => option);
}

/** The options that a sentence of refusal lists. */
function optionsOf(create: () => unknown): string[] {
  try {
    create();
  } catch (error) {
    return /there are (.*)$/.exec((error as Error).message)?.[1]?.split(', ') ?? [];
  }
  return [];
}

test('the README names every metric and event that is emitted', () => {
  const emitted = [...Object.values(TELEMETRY.metrics), ...Object.values(TELEMETRY.events)];
  expect(emitted.map(({ name }) => name).filter((name) => !README.includes(`\`${name}\``))).toEqual([]);
});

test('the README names every function and class of clock, order, chains and batches that is exported', () => {
  const parts = { ...batch, ...links, ...emitting, ...chains, ...graph, ...queries, ...order, ...starts, ...stamps };
  const own = { ...parts, ...propagator, ...hooks, ...responses };
  const offered = new Map<string, unknown>(Object.entries(causality));
  const exported = Object.keys(own).filter((name) => typeof offered.get(name) === 'function');
  expect(exported.length).toBeGreaterThan(15);
  expect(exported.filter((name) => !new RegExp(`\\b${name}\\b`).test(README))).toEqual([]);
});

test('the README has the options that there are', () => {
  const unknown = { unknown: 1 } as never;
  expect(optionsBelow('`new CausalityPropagator(options)`:')).toEqual(
    optionsOf(() => new causality.CausalityPropagator(unknown)),
  );
  expect(optionsBelow('`createBatch(options)`:')).toEqual(optionsOf(() => causality.createBatch(unknown)));
});
