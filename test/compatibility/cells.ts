/** What is tried in each place of the matrix. Each check answers with sentences that say what is wrong; none is a pass. */
import { chainFaults } from './chain-faults.ts';
import {
  blockedLoopFaults,
  CONFIGURED,
  differences,
  failureOf,
  keptAsBefore,
  missingFrom,
  OWN_LOGS,
  PLUGINS,
  SERVED,
  spanFaults,
  WITH_OWN_SDK,
} from './expectations.ts';
import { namesOf, type Observation, observe, type Place } from './observation.ts';

export interface Cell {
  readonly name: string;
  /** The first version of Node in which it holds; README.md of the package concerned says why. */
  readonly since?: string;
  run(place: Place): Promise<string[]>;
}

type ModuleKind = 'cjs' | 'mjs';

const KINDS: readonly ModuleKind[] = ['cjs', 'mjs'];
const FLAGS = { cjs: '--require', mjs: '--import' } as const;
const REGISTER = '@sonde/node/register';

/** All cells, in the order of a table. */
export function cells(): Cell[] {
  return [
    ...KINDS.flatMap((kind) => ['--import', '--require'].map((flag) => preloaded(kind, flag))),
    ...KINDS.flatMap((kind) => [plugins(kind), configured(kind)]),
    ...KINDS.flatMap((kind) => [ownSdkBefore(kind), ownSdkAfter(kind)]),
    ...KINDS.map(ends),
    ...KINDS.map((kind) => chain(kind, '--require')),
    chain('mjs', '--import', '22.18'),
  ];
}

/** Nothing written: the preload alone, exporting by the standard variables. */
function preloaded(kind: ModuleKind, flag: string): Cell {
  const application = [`app.${kind}`, 'block'];
  return cell(`preload ${flag} ${kind}`, application, [flag, REGISTER, ...application], (_bare, seen) => [
    ...spanFaults(seen.spans),
    ...blockedLoopFaults(seen.logs),
    ...missingFrom(seen.served, SERVED, '/metrics'),
  ]);
}

/** Two instrumentations in a plain NodeSDK. */
function plugins(kind: ModuleKind): Cell {
  const preload = [FLAGS[kind], `./plain-sdk.${kind}`];
  return cell(`plugins ${kind}`, [`app.${kind}`], [...preload, `app.${kind}`], (_bare, seen) =>
    missingFrom(namesOf(seen.own.metrics), PLUGINS, 'a plain NodeSDK'),
  );
}

/** `new NodeSDK(sondeConfig(...))` with the application's own processors and readers. */
function configured(kind: ModuleKind): Cell {
  const preload = [FLAGS[kind], `./sonde-config.${kind}`];
  const application = [`app.${kind}`, 'block'];
  return cell(`sondeConfig ${kind}`, application, [...preload, ...application], (_bare, seen) => [
    ...missingFrom(namesOf(seen.own.metrics), [...PLUGINS, ['its own counter', /^shop\.orders$/m]], 'its own reader'),
    ...missingFrom(namesOf(seen.own.spans), [['its own span', /^checkout$/m]], 'its own processor'),
    ...missingFrom(seen.own.logs.join('\n'), OWN_LOGS, 'its own log processor'),
    ...missingFrom(seen.served, CONFIGURED, '/metrics'),
  ]);
}

/** An application whose own preload starts its NodeSDK, and Sonde's preload behind it. */
function ownSdkBefore(kind: ModuleKind): Cell {
  const own = [FLAGS[kind], `./own-sdk.${kind}`];
  const application = [`app.${kind}`, 'block'];
  const preloads = [...own, FLAGS[kind], REGISTER];
  return cell(`own SDK before ${kind}`, [...own, ...application], [...preloads, ...application], besideOwnSdk);
}

/** An application that starts its NodeSDK itself, under Sonde's preload. */
function ownSdkAfter(kind: ModuleKind): Cell {
  const application = [`starts-own-sdk.${kind}`, 'block'];
  return cell(`own SDK after ${kind}`, application, [FLAGS[kind], REGISTER, ...application], besideOwnSdk);
}

/** Its SDK exports all it did and Sonde's metrics too, and Sonde's own pipeline, if it ran before that, nothing of it. */
function besideOwnSdk(bare: Observation, seen: Observation): string[] {
  const taken = seen.spans.filter(({ scope }) => !scope.startsWith('@sonde/')).map(({ item }) => item);
  return [
    ...keptAsBefore(bare.own, seen.own),
    ...missingFrom(namesOf(seen.own.metrics), WITH_OWN_SDK, "the application's own NodeSDK"),
    ...missingFrom(seen.own.logs.join('\n'), OWN_LOGS, "the application's own NodeSDK"),
    ...(seen.served === '' ? [] : ['Sonde serves /metrics beside the NodeSDK of the application']),
    ...(taken.length === 0 ? [] : [`Sonde exports ${namesOf(taken)} itself, beside the application's NodeSDK`]),
  ];
}

/** Programs that end in every way, as they would without. */
function ends(kind: ModuleKind): Cell {
  return {
    name: `ends ${kind}`,
    async run(place) {
      const faults: string[] = [];
      for (const way of ['return', 'exit', 'throw', 'reject', 'signal']) {
        const bare = await observeOnce(place, [`ends.${kind}`, way]);
        const seen = await observe(place, [FLAGS[kind], REGISTER, `ends.${kind}`, way]);
        faults.push(...differences(bare, seen).map((fault) => `${way}: ${fault}`));
      }
      return faults;
    },
  };
}

/** One trace through HTTP, a pool of threads, a forked child, a service on a unix socket, and back. */
function chain(kind: ModuleKind, flag: string, since?: string): Cell {
  const application = [`chain/main.${kind}`];
  const check: Check = (_bare, seen) => chainFaults(seen.spans);
  const whole = cell(`chain ${flag} ${kind}`, application, [flag, REGISTER, ...application], check);
  return since === undefined ? whole : { ...whole, since };
}

type Check = (bare: Observation, seen: Observation) => string[];

/** Runs the same program without and with Sonde, and compares what a user sees before anything else. */
function cell(name: string, bareArgs: readonly string[], args: readonly string[], check: Check): Cell {
  return {
    name,
    async run(place) {
      const bare = await observeOnce(place, bareArgs);
      const seen = await observe(place, args);
      return [...failureOf(bare), ...differences(bare, seen), ...check(bare, seen)];
    },
  };
}

const bareRuns = new Map<string, Promise<Observation>>();

/** Several cells compare with the same run. */
function observeOnce(place: Place, args: readonly string[]): Promise<Observation> {
  const key = [place.node, place.folder, ...args].join('\n');
  const known = bareRuns.get(key) ?? observe(place, args);
  bareRuns.set(key, known);
  return known;
}
