import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';

/** A call that speedscope draws, in the order in which calls begin. Times count from the thread's first. */
export interface Call {
  readonly name: string;
  readonly depth: number;
  readonly start: number;
  end: number;
}

/** What speedscope makes of a file. */
export interface Imported {
  /** By the name it gives a thread. */
  readonly threads: ReadonlyMap<string, readonly Call[]>;
  readonly warnings: readonly string[];
}

interface Profile {
  getName(): string;
  forEachCall(
    open: (node: { frame: { name: string } }, value: number) => void,
    close: (node: unknown, value: number) => void,
  ): void;
}

type ImportProfile = (file: string, base64: string) => Promise<{ profiles: Profile[] } | null>;

const RELEASE = join(dirname(require.resolve('speedscope/package.json')), 'dist', 'release');
const OPENING = '"use strict";(()=>{';

/**
 * speedscope's own importer, out of the bundle that its page loads: function declarations are there before the page is
 * drawn, which fails for want of a browser.
 */
export function loadSpeedscope(): (json: string) => Promise<Imported> {
  const [bundle = ''] = readdirSync(RELEASE).filter((file) => /^speedscope-\w+\.js$/.test(file));
  const source = readFileSync(join(RELEASE, bundle), 'utf8');
  const name = /loadFileFromBase64:\((\w+),(\w+)\)=>\{this\.loadProfile\(\(\)=>(\w+)\(\1,\2\)\)/.exec(source)?.[3];
  if (name === undefined || !source.startsWith(OPENING)) throw new Error('speedscope is built in another way now');
  const warnings: string[] = [];
  const page = pageWithout(warnings);
  try {
    runInContext(`${OPENING}globalThis.importProfile=(...a)=>${name}(...a);${source.slice(OPENING.length)}`, page);
  } catch {
    // No browser, nothing drawn.
  }
  const { importProfile } = page as unknown as { importProfile: ImportProfile };
  return async (json) => {
    warnings.length = 0;
    const group = await importProfile('trace.json', Buffer.from(json).toString('base64'));
    if (group === null) throw new Error('speedscope does not know what this is');
    return { threads: new Map(group.profiles.map((one) => [one.getName(), callsOf(one)])), warnings: [...warnings] };
  };
}

function callsOf(profile: Profile): Call[] {
  const calls: Call[] = [];
  const open: Call[] = [];
  profile.forEachCall(
    ({ frame: { name } }, start) => {
      const call = { name, depth: open.length, start, end: Number.NaN };
      calls.push(call);
      open.push(call);
    },
    (_node, end) => {
      const call = open.pop();
      if (call !== undefined) call.end = end;
    },
  );
  return calls;
}

/** As much of a browser as the bundle touches before it draws. */
function pageWithout(warnings: string[]): ReturnType<typeof createContext> {
  const anything: unknown = new Proxy(() => undefined, {
    get: (_target, key) => (key === Symbol.toPrimitive ? () => '' : anything),
    apply: () => anything,
    construct: () => anything as object,
  });
  const note = (...words: unknown[]): number => warnings.push(words.map(String).join(' '));
  const page = createContext({
    console: { log: () => undefined, assert: () => undefined, warn: note, error: note },
    ...{ atob, btoa, TextDecoder, TextEncoder, Uint8Array, ArrayBuffer, URL, performance },
    ...{ document: anything, localStorage: anything, addEventListener: () => undefined },
    navigator: { userAgent: 'node', platform: 'node' },
    location: { hash: '', protocol: 'file:', href: 'file:///' },
    setTimeout: () => 0,
  });
  Object.assign(page, { window: page, self: page });
  return page;
}
