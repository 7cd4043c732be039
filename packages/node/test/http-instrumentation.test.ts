import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const PROGRAMS = join(import.meta.dirname, 'programs');

/** What the program prints, as JSON. In a process of its own: it patches what jest uses too. */
function run(name: string): unknown {
  const program = join(PROGRAMS, name);
  const env = { PATH: process.env.PATH, NODE_V8_COVERAGE: process.env.NODE_V8_COVERAGE };
  return JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8', env: env as NodeJS.ProcessEnv }));
}

describe('the HTTP instrumentation in place', () => {
  it('patches for both kinds of modules, and leaves everything as it was when it is disabled', () => {
    expect(run('patches-http.mjs')).toEqual({
      patched: ['get', 'request', 'https.get', 'https.request', 'emit', 'imported'],
      look: { name: 'request', length: 0 },
      restored: true,
      again: true,
    });
  });

  it('takes itself off when another instrumentation patches, for good', () => {
    expect(run('yields-http.mjs')).toEqual({ isActive: false, theirs: true, after: false });
  });

  it('leaves alone what another instrumentation has patched', () => {
    expect(run('late-http.mjs')).toEqual({ isActive: false, isTheirs: true });
  });

  it('leaves the require hook off until an instrumentation of the application wants it', () => {
    expect(run('require-hook.mjs')).toEqual({ before: [], after: ['path'], length: 1 });
  });
});
