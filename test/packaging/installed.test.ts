/** The packages in somebody else's hands: packed, installed into an empty application, imported, required, preloaded. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, type Outcome, runProgram } from '../compatibility/program.ts';
import {
  fileSpec,
  installApplication,
  type Manifest,
  packAll,
  publishedPackages,
  ROOT,
  readManifest,
  registryAnswers,
  temporaryFolder,
} from './published.ts';

const { devDependencies } = readManifest(ROOT) as unknown as { devDependencies: Record<string, string> };
const published = publishedPackages();
/** Every specifier that a package lets others import. */
const specifiers = published.flatMap(({ name, manifest }) =>
  Object.keys(manifest.exports ?? {})
    .filter((path) => path !== './package.json')
    .map((path) => `${name}${path.slice(1)}`),
);

const online = registryAnswers('that the packed packages can be installed, imported, required and preloaded');

(online ? describe : describe.skip)('installed from their tarballs', () => {
  let folder: string;

  beforeAll(async () => {
    folder = temporaryFolder('installed');
    const tarballs = packAll(join(folder, 'tarballs')).map((one) => [one.name, fileSpec(one)]);
    const types = { '@types/node': devDependencies['@types/node'] ?? '' };
    await installApplication(folder, { ...Object.fromEntries(tarballs), ...types });
    for (const [kind, type] of [
      ['cjs', 'commonjs'],
      ['esm', 'module'],
      ['ts', 'module'],
    ] as const) {
      mkdirSync(join(folder, kind));
      write(`${kind}/package.json`, JSON.stringify({ private: true, type }));
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(path: string, text: string): string {
    writeFileSync(join(folder, path), text);
    return join(folder, path);
  }

  it.each(specifiers)('%s can be imported and required, and is one module either way', async (specifier) => {
    const print = `console.log(JSON.stringify(Object.keys(loaded).filter((name) => name !== 'default' && name !== 'module.exports').sort()));`;
    const port = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
    const required = await run([write('cjs/one.js', `const loaded = require('${specifier}');\n${print}`)], port);
    const both = `import { createRequire } from 'node:module';
import * as loaded from '${specifier}';
const required = createRequire(import.meta.url)('${specifier}');
if (Object.keys(loaded).some((name) => name in required && required[name] !== loaded[name])) throw new Error('two copies');
${print}`;
    const imported = await run([write('esm/one.js', both)], port);
    expect([required, imported].map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(2).fill({ code: 0, stderr: '' }),
    );
    expect(imported.stdout).toBe(required.stdout);
    const isPreload = specifier.endsWith('/register');
    expect(JSON.parse(imported.stdout).length > 0).toBe(!isPreload);
  });

  describe.each([
    ['cjs', `const { readFileSync } = require('node:fs');`],
    ['esm', `import { readFileSync } from 'node:fs';`],
  ])('preloaded into an application in %s', (kind, line) => {
    it.each(['--import', '--require'])(
      'with %s, it starts, measures, serves /metrics, and changes nothing',
      async (flag) => {
        const application = write(
          `${kind}/preloaded.js`,
          `${line}
         readFileSync(${JSON.stringify(join(folder, 'package.json'))});
         const metrics = () => fetch('http://127.0.0.1:' + process.env.OTEL_EXPORTER_PROMETHEUS_PORT + '/metrics');
         metrics().then((response) => response.text(), () => '').then((text) => {
           console.log('files ' + /^file_\\w+|^sonde_vfs_\\w+/m.test(text));
           process.exitCode = 7;
         });`,
        );
        const port = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
        const plain = await run([application], port);
        expect(plain).toMatchObject({ code: 7, stdout: 'files false\n', stderr: '' });
        const preloaded = await run([flag, '@sonde/node/register', application], port);
        expect(preloaded).toEqual({ ...plain, stdout: 'files true\n' });
      },
    );
  });

  it('type-checks in a strict TypeScript application, its own declarations included', async () => {
    const imports = specifiers.map((specifier, index) => `import * as module${index} from '${specifier}';`);
    const uses = specifiers.map((_, index) => `module${index}`).join(', ');
    const consumer = `import { NodeSDK } from '@opentelemetry/sdk-node';
import { sonde, sondeConfig } from '@sonde/node';
import { SchedulerInstrumentation } from '@sonde/instrumentation-scheduler';
import { VfsInstrumentation } from '@sonde/instrumentation-vfs';
export const whole: NodeSDK = new NodeSDK(sondeConfig({ preset: 'production', sdk: { serviceName: 'shop' } }));
export const parts: NodeSDK = new NodeSDK({ instrumentations: [new VfsInstrumentation(), new SchedulerInstrumentation()] });
export const stopped: Promise<void> = sonde.shutdown();`;
    write('ts/index.ts', `${imports.join('\n')}\nexport const all: object[] = [${uses}];\n${consumer}\n`);
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
    };
    write('ts/tsconfig.json', JSON.stringify({ compilerOptions, files: ['index.ts'] }));
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    expect(await run([tsc, '-p', join(folder, 'ts')])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('shares one event stream between two versions of the package in one tree', async () => {
    const nested = join(folder, 'node_modules', 'other', 'node_modules', '@sonde', 'event-stream');
    cpSync(join(folder, 'node_modules', '@sonde', 'event-stream'), nested, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(nested, 'package.json'), 'utf8')) as Manifest;
    writeFileSync(join(nested, 'package.json'), JSON.stringify({ ...manifest, version: '0.1.99' }));
    write('node_modules/other/package.json', JSON.stringify({ name: 'other', type: 'module', exports: './index.js' }));
    write('node_modules/other/index.js', `export * from '@sonde/event-stream';`);
    const text = `import * as one from '@sonde/event-stream';
import * as two from 'other';
const definition = { name: 'test.shared', category: 'process', severity: 9, description: 'counts' };
const subscription = one.eventStream().subscribe();
one.eventStream().event(definition).emit(undefined, 1);
two.eventStream().event(definition).emit(undefined, 2);
one.eventStream().flush();
const values = subscription.read().map(({ name, value }) => [name, value]);
console.log(JSON.stringify({ isTwo: one.eventStream !== two.eventStream, values, produced: two.eventStream().statistics().produced }));`;
    const { stdout, stderr } = await run([write('esm/copies.js', text)]);
    expect(stderr).toBe('');
    const values = [
      ['test.shared', 1],
      ['test.shared', 2],
    ];
    expect(JSON.parse(stdout)).toEqual({ isTwo: true, values, produced: 2 });
  });
});

/** Runs it in the folder of its script, the last argument. */
function run(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return runProgram({ node: process.execPath, cwd: dirname(args.at(-1) ?? ''), args, env });
}
