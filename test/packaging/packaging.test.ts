/** What goes into each tarball, and whether its package.json tells the truth. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import {
  type PackedPackage,
  packAll,
  plainEnvironment,
  publishedPackages,
  ROOT,
  temporaryFolder,
} from './published.ts';

const published = publishedPackages();
let folder: string;
let packed: Map<string, PackedPackage>;

beforeAll(() => {
  folder = temporaryFolder('packaging');
  packed = new Map(packAll(folder).map((one) => [one.name, one]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds the packages in the workspaces', () => {
  expect(published.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['@sonde/event-stream', '@sonde/node', '@sonde/instrumentation-vfs']),
  );
});

describe.each(published)('$name', ({ name, folder: source, manifest }) => {
  const modules = globSync('src/**/*.ts', { cwd: source }).sort();

  const stems = modules.map((path) => path.slice('src/'.length, -'.ts'.length));
  const built = stems.flatMap((stem) => ['js', 'js.map', 'd.ts', 'd.ts.map'].map((end) => `dist/${stem}.${end}`));

  const isBundle = (path: string): boolean => /^dist\/[\w-]+\.bundle\.js(\.map)?$/.test(path);
  const isBuilt = (path: string): boolean => built.includes(path) || isBundle(path);

  it('packs its sources, what was built from each of them, README and LICENSE, and no test or build state', () => {
    const expected = ['package.json', 'README.md', 'LICENSE', ...modules, ...built];
    const packedFiles = (packed.get(name)?.files ?? []).filter((path) => !isBundle(path));
    const files = packedFiles.filter((path) => !path.startsWith('dist/') || built.includes(path));
    expect(files.sort()).toEqual([...new Set(expected)].sort());
  });

  it('has nothing in dist that was left by a source that is gone (remove dist and *.tsbuildinfo, and build again)', () => {
    const files = packed.get(name)?.files ?? [];
    expect(files.filter((path) => path.startsWith('dist/') && !isBuilt(path))).toEqual([]);
  });

  it('has the licence of the repository and a README that opens with its name', () => {
    const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');
    expect(read(source, 'LICENSE')).toBe(read(ROOT, 'LICENSE'));
    expect(read(source, 'README.md').split('\n', 1)[0]).toBe(`# ${name}`);
  });

  it('has a complete package.json', () => {
    expect(manifest).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      description: expect.stringMatching(/.{30}/),
      license: 'Apache-2.0',
      type: 'module',
      sideEffects: expect.anything(),
      keywords: expect.arrayContaining(['opentelemetry']),
      files: ['dist', 'src'],
      engines: { node: '>=22.15.0' },
      publishConfig: { access: 'public' },
    });
    for (const [path, target] of Object.entries(manifest.exports ?? {})) {
      if (path === './package.json') continue;
      // The order is what resolves: the first condition that holds wins.
      expect(Object.keys(target as object)).toEqual(['@sonde/source', 'types', 'default']);
      // One file in place of dozens: start-up time.
      expect((target as { default: string }).default).toMatch(/^\.\/dist\/[\w-]+\.bundle\.js$/);
    }
  });

  it('declares each package that it imports, and imports each one that it declares', () => {
    const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
    const code = modules.map((path) => withoutComments(readFileSync(join(source, path), 'utf8'))).join('\n');
    const imported = new Set(importedPackages(code).filter((other) => other !== name));
    const mentioned = [...declared].filter((other) => new RegExp(`['"\`]${other}['"\`/]`).test(code));
    expect([...imported].filter((other) => !declared.has(other))).toEqual([]);
    expect([...declared].filter((other) => !mentioned.includes(other))).toEqual([]);
  });

  it('depends on the versions of the other packages that are in the repository', () => {
    const versions = new Map(published.map((other) => [other.name, other.manifest.version]));
    const siblings = Object.entries(manifest.dependencies ?? {}).filter(([other]) => other.startsWith('@sonde/'));
    expect(siblings).toEqual(siblings.map(([other]) => [other, versions.get(other)]));
  });

  it('leaves the OpenTelemetry packages to the application', () => {
    const bundled = Object.keys(manifest.dependencies ?? {}).filter((other) => other.startsWith('@opentelemetry/'));
    // A second copy of the API is a silent no-op; the conventions hold nothing but constants.
    expect(bundled.filter((other) => other !== '@opentelemetry/semantic-conventions')).toEqual([]);
  });

  it.each([
    ['publint', ['run', '--strict']],
    ['attw', ['--profile', 'esm-only', '--no-emoji', '--no-color']],
  ])('%s finds nothing to say', (tool, flags) => {
    const tarball = packed.get(name)?.tarball ?? '';
    const bin = join(ROOT, 'node_modules', '.bin', tool);
    const result = spawnSync(process.execPath, [bin, ...flags, tarball], { env: plainEnvironment(), encoding: 'utf8' });
    const output = result.stdout + result.stderr;
    // publint has no exit code for suggestions: all is well only when it says so.
    expect({ status: result.status, output }).toEqual({
      status: 0,
      output: tool === 'publint' ? expect.stringContaining('All good!') : expect.any(String),
    });
  });
});

/** Package names of every static import, re-export, dynamic import and require with a literal specifier. */
function importedPackages(code: string): string[] {
  const specifiers = code.matchAll(/(?:\bfrom|\bimport|\b(?:import|require|resolve)\()\s*(['"`])([^'"`$\s]+)\1/g);
  return [...specifiers]
    .map((match) => match[2] ?? '')
    .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
