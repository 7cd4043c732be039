import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { DEFAULTS, PRESETS } from '../../src/configuration/presets.ts';
import { type Resolution, resolveOptions } from '../../src/configuration/resolve-options.ts';
import { CONFIGURATION, SETTING_KEYS, SETTINGS } from '../../src/configuration/settings.ts';

describe('the settings', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sonde-settings-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const resolve = (environment: NodeJS.ProcessEnv = {}, code?: unknown): Resolution =>
    resolveOptions({ environment, directory, ...(code === undefined ? {} : { code }) });
  const yaml = (text: string, name = 'sonde.yaml'): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  /** The only problem, with the temporary directory as `.`. */
  const problemOf = ({ problems }: Resolution): string => {
    expect(problems).toHaveLength(1);
    return (problems[0] ?? '').replaceAll(directory, '.');
  };

  it('are those of the preset where nothing is said', () => {
    expect(resolve()).toEqual({
      options: { ...DEFAULTS, ...PRESETS.development, preset: 'development', banner: undefined },
      sources: Object.fromEntries(SETTING_KEYS.map((key) => [key, 'preset'])),
      file: undefined,
      problems: [],
    });
    expect(resolve({ NODE_ENV: 'production' }).options).toMatchObject({ preset: 'production', paths: 'redacted' });
    expect(resolve({ SONDE_PRESET: 'minimal', NODE_ENV: 'production' }).options).toMatchObject(PRESETS.minimal);
  });

  it('are taken from code before the environment, from that before the file, from that before the preset', () => {
    const path = yaml('streamSize: 2048\nslowThresholdMs: 20\npaths: hashed\npreset: minimal\n');
    const environment = { SONDE_STREAM_SIZE: '4096', SONDE_SLOW_THRESHOLD_MS: '40', SONDE_CONFIG: '' };
    const { options, sources, file, problems } = resolve(environment, { streamSize: 8192, preset: undefined });
    expect(options).toMatchObject({ streamSize: 8192, slowThresholdMs: 40, paths: 'hashed', preset: 'minimal' });
    expect(options.instrumentations).toEqual(['http', 'undici']);
    expect(sources).toMatchObject({
      streamSize: 'code',
      slowThresholdMs: 'environment',
      paths: 'file',
      banner: 'preset',
    });
    expect(file).toBe(path);
    expect(problems).toEqual([]);
  });

  it('are read from variables as text', () => {
    const { options, problems } = resolve({
      SONDE_INSTRUMENTATIONS: ' vfs, http,vfs ',
      SONDE_PROMETHEUS: 'off',
      SONDE_SPAN_EVENTS: 'TRUE',
      SONDE_BANNER: '1',
      SONDE_BLOCKED_THRESHOLD_MS: '1e3',
      SONDE_PATHS: '',
    });
    expect(problems).toEqual([]);
    expect(options).toMatchObject({
      instrumentations: ['vfs', 'http'],
      prometheus: false,
      spanEvents: true,
      banner: true,
      blockedThresholdMs: 1000,
      paths: 'full',
    });
    expect(resolve({ SONDE_INSTRUMENTATIONS: 'none' }).options.instrumentations).toEqual([]);
  });

  it.each([
    [
      'SONDE_PRESET',
      'prod',
      'SONDE_PRESET must be one of development, production, minimal, got "prod"; the default holds until it is corrected',
    ],
    [
      'SONDE_STREAM_SIZE',
      '1023',
      'SONDE_STREAM_SIZE must be an integer from 1024 to 16777216, got 1023; the default holds until it is corrected',
    ],
    [
      'SONDE_STREAM_SIZE',
      'lots',
      'SONDE_STREAM_SIZE must be an integer from 1024 to 16777216, got "lots"; the default holds until it is corrected',
    ],
    [
      'SONDE_STREAM_SIZE',
      '2000.5',
      'SONDE_STREAM_SIZE must be an integer from 1024 to 16777216, got 2000.5; the default holds until it is corrected',
    ],
    [
      'SONDE_SLOW_THRESHOLD_MS',
      '-1',
      'SONDE_SLOW_THRESHOLD_MS must be a number from 1 to 3600000, got -1; the default holds until it is corrected',
    ],
    [
      'SONDE_SLOW_THRESHOLD_MS',
      'Infinity',
      'SONDE_SLOW_THRESHOLD_MS must be a number from 1 to 3600000, got Infinity; the default holds until it is corrected',
    ],
    [
      'SONDE_PROMETHEUS',
      'maybe',
      'SONDE_PROMETHEUS must be true or false, got "maybe"; the default holds until it is corrected',
    ],
    [
      'SONDE_INSTRUMENTATIONS',
      'http,fs',
      "SONDE_INSTRUMENTATIONS must be a list of http, undici, vfs, scheduler, ipc, got [ 'http', 'fs' ]; the default holds until it is corrected",
    ],
    [
      'SONDE_PATHS',
      'a\u001b[31m\nb',
      'SONDE_PATHS must be one of none, hashed, redacted, full, got "a\\u001b[31m\\nb"; the default holds until it is corrected',
    ],
  ])('keep their default for a bad value and say so: %s=%s', (variable, value, sentence) => {
    const resolution = resolve({ [variable]: value });
    expect(resolution.problems).toEqual([sentence]);
    expect(resolution.options).toEqual(resolve().options);
  });

  it.each([
    ['streamSize', 1024, 1023],
    ['streamSize', 16_777_216, 16_777_217],
    ['slowThresholdMs', 1, 0.99],
    ['slowThresholdMs', 3_600_000, 3_600_001],
    ['blockedThresholdMs', 20, 19.9],
    ['blockedThresholdMs', 3_600_000, Number.NaN],
    ['preset', 'minimal', 'Minimal'],
    ['banner', false, 0],
    ['instrumentations', [], 'http'],
    ['paths', 'none', null],
  ] as const)('take %s %p and refuse %p', (key, good, bad) => {
    expect(resolve({}, { [key]: good }).options[key]).toEqual(good);
    const refused = resolve({}, { [key]: bad });
    expect(refused.options).toEqual(resolve().options);
    if (bad !== null) expect(problemOf(refused)).toMatch(new RegExp(`^option ${key} must be `));
  });

  it.each([null, 7, 'production', ['production'], () => {}])('are ignored when they are no object: %p', (code) => {
    expect(problemOf(resolve({}, code))).toMatch(/^the options must be an object, got .*; they are ignored$/);
  });

  it('are ignored when reading them throws, and no code of a value runs', () => {
    const hostile = {
      get preset(): never {
        throw new Error('no');
      },
    };
    expect(problemOf(resolve({}, hostile))).toBe(
      'the options cannot be read, a getter of theirs throws; they are ignored',
    );
    let ran = false;
    const value = {
      toString: () => {
        ran = true;
        return 'x';
      },
      [Symbol.for('nodejs.util.inspect.custom')]: () => {
        ran = true;
        return 'x';
      },
    };
    resolve({}, { streamSize: value });
    expect(ran).toBe(false);
  });

  it('name the setting that was probably meant', () => {
    expect(problemOf(resolve({}, { presets: 'minimal' }))).toBe(
      'option presets is not a setting and is ignored; did you mean preset?',
    );
    yaml('slow_threshold_ms: 5\n');
    expect(problemOf(resolve())).toBe(
      'slow_threshold_ms in ./sonde.yaml is not a setting and is ignored; did you mean slowThresholdMs?',
    );
    rmSync(join(directory, 'sonde.yaml'));
    expect(problemOf(resolve({ SONDE_PRESTE: 'minimal' }))).toBe(
      'SONDE_PRESTE is not a setting and is ignored; did you mean SONDE_PRESET?',
    );
    expect(resolve({ SONDE_OF_THE_APPLICATION: '1', SONDE_PARENT_PID: '1' }).problems).toEqual([]);
  });

  it('come from the file that SONDE_CONFIG names, relative to the working directory', () => {
    mkdirSync(join(directory, 'etc'));
    yaml('preset: production\n');
    const named = yaml('paths: none\ninstrumentations: [vfs]\n', 'etc/other.yaml');
    const resolution = resolve({ SONDE_CONFIG: 'etc/other.yaml' });
    expect(resolution).toMatchObject({ file: named, problems: [] });
    expect(resolution.options).toMatchObject({ paths: 'none', instrumentations: ['vfs'], preset: 'development' });
    expect(problemOf(resolve({ SONDE_CONFIG: 'absent.yaml' }))).toMatch(
      /^\.\/absent\.yaml cannot be read: ENOENT.*; its settings are ignored until it is corrected$/,
    );
  });

  it('are found in sonde.yml as well', () => {
    yaml('preset: minimal\n', 'sonde.yml');
    expect(resolve().options.preset).toBe('minimal');
  });

  it.each([
    ['preset: [', /cannot be read: .*line 1/],
    ['preset: minimal\npreset: production', /cannot be read: Map keys must be unique/],
    ['- preset', /must hold "key: value" lines, got \[ 'preset' \]; it is ignored/],
    ['just text', /must hold "key: value" lines, got "just text"; it is ignored/],
    [
      'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]',
      /cannot be read: Excessive alias count/,
    ],
    ['--- \npreset: minimal\n---\npreset: production\n', /cannot be read: .*multiple documents/i],
  ])('are the default where the file cannot be understood: %j', (text, sentence) => {
    yaml(text);
    const resolution = resolve();
    expect(problemOf(resolution)).toMatch(sentence);
    expect(resolution.options).toEqual(resolve({ SONDE_CONFIG: '' }).options);
  });

  it.each(['', '# nothing yet\n', 'null\n', 'preset:\n'])('are the default where the file says nothing: %j', (text) => {
    yaml(text);
    expect(resolve().problems).toEqual([]);
  });

  it('take no prototype from a file', () => {
    yaml('__proto__: { preset: minimal, polluted: true }\nconstructor: 1\n');
    const { options, problems } = resolve();
    expect(problems.map((problem) => problem.split(' ', 1)[0])).toEqual(['__proto__', 'constructor']);
    expect(options.preset).toBe('development');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('are not waited for: a directory, a FIFO and a huge file are refused', () => {
    mkdirSync(join(directory, 'sonde.yaml'));
    expect(problemOf(resolve())).toMatch(/^\.\/sonde\.yaml cannot be read: it is not a file;/);
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    expect(problemOf(resolve({ SONDE_CONFIG: 'fifo' }))).toMatch(/^\.\/fifo cannot be read: it is not a file;/);
    yaml(`# ${'x'.repeat(262_144)}`, 'huge.yaml');
    expect(problemOf(resolve({ SONDE_CONFIG: 'huge.yaml' }))).toMatch(
      /cannot be read: it is larger than 262144 bytes;/,
    );
  });

  it('survive any file and any environment', () => {
    const seed = Number(process.env.SONDE_TEST_SEED ?? 20_260_101);
    const open = new Set(['banner', 'tracesPerSecond', 'samplingRate', 'anomalyState']);
    const variables = SETTING_KEYS.map((key) => SETTINGS[key].environment);
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.constantFrom(...variables),
        fc.string(),
        (text, name, value) => {
          yaml(text);
          const { options, problems } = resolve({ [name]: value.replaceAll('\0', '') });
          for (const key of SETTING_KEYS) if (!open.has(key)) expect(options[key]).toBeDefined();
          // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
          for (const problem of problems) expect(problem).not.toMatch(/[\u0000-\u001f]/);
        },
      ),
      { seed, numRuns: process.env.SONDE_TEST_LONG === '1' ? 5000 : 50 },
    );
  });

  it('have a row each in the reference table, with a unique variable', () => {
    const named = CONFIGURATION.filter(({ key }) => key !== '');
    expect(named.map(({ key }) => key)).toEqual([...SETTING_KEYS]);
    expect(new Set(CONFIGURATION.map(({ environment }) => environment)).size).toBe(CONFIGURATION.length);
    for (const row of CONFIGURATION) for (const cell of Object.values(row)) expect(typeof cell).toBe('string');
  });
});
