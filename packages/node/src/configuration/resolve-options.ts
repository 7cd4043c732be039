import type { PresetName, ResolvedOptions, SondeOptions, Source } from '../types.ts';
import { environmentLayer, misspelledVariables } from './environment.ts';
import { DEFAULTS, PRESETS } from './presets.ts';
import { show } from './problems.ts';
import { checkLayer, type Layer } from './schema.ts';
import { SETTING_KEYS, type SettingKey } from './settings.ts';
import { readConfigurationFile } from './yaml-file.ts';

const MOST_PROBLEMS = 10;

/** The settings that hold, where each came from, and everything that was wrong with what was given. */
export interface Resolution {
  readonly options: ResolvedOptions;
  readonly sources: Readonly<Record<SettingKey, Source>>;
  /** Path of the configuration file that was read. */
  readonly file: string | undefined;
  readonly problems: readonly string[];
}

export interface ResolveInput {
  /** Options given in code; anything, since JavaScript callers exist. */
  readonly code?: unknown;
  readonly environment: NodeJS.ProcessEnv;
  /** Where `sonde.yaml` is looked for; undefined when there is no such place. */
  readonly directory: string | undefined;
}

/** The working directory; undefined when it has been removed. */
export function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

function codeLayer(code: unknown): Layer | string {
  if (code === undefined) return { values: {}, place: (key) => key };
  if (typeof code !== 'object' || code === null || Array.isArray(code)) {
    return `the options must be an object, got ${show(code)}; they are ignored`;
  }
  try {
    return { values: { ...code }, place: (key) => `option ${key}` };
  } catch {
    return 'the options cannot be read, a getter of theirs throws; they are ignored';
  }
}

function defaultPreset(environment: NodeJS.ProcessEnv): PresetName {
  return environment.NODE_ENV === 'production' ? 'production' : 'development';
}

/**
 * Resolves the settings: code over environment over file over preset. A bad value is told and left out, so that the
 * next source, in the end the default, holds. Never throws.
 */
export function resolveOptions({ code, environment, directory }: ResolveInput): Resolution {
  const file = readConfigurationFile(environment, directory);
  const problems: string[] = [...file.problems, ...misspelledVariables(environment)];
  const layers: { source: Source; values: SondeOptions }[] = [];
  const add = (source: Source, layer: Layer | string | undefined): void => {
    if (layer === undefined) return;
    if (typeof layer === 'string') {
      problems.push(layer);
      return;
    }
    const checked = checkLayer(layer);
    problems.push(...checked.problems);
    layers.push({ source, values: checked.values });
  };
  add('code', codeLayer(code));
  add('environment', environmentLayer(environment));
  add('file', file.layer);
  const preset = layers.find(({ values }) => values.preset !== undefined)?.values.preset ?? defaultPreset(environment);
  layers.push({ source: 'preset', values: { ...DEFAULTS, ...PRESETS[preset], preset } });

  const options: Partial<Record<SettingKey, unknown>> = {};
  const sources: Partial<Record<SettingKey, Source>> = {};
  for (const key of SETTING_KEYS) {
    const layer = layers.find(({ values }) => values[key] !== undefined);
    options[key] = layer?.values[key];
    sources[key] = layer?.source ?? 'preset';
  }
  return {
    options: options as unknown as ResolvedOptions,
    sources: sources as Readonly<Record<SettingKey, Source>>,
    file: file.path,
    problems: capped(problems),
  };
}

/** A file full of mistakes is told by its first ones. */
function capped(problems: readonly string[]): readonly string[] {
  if (problems.length <= MOST_PROBLEMS) return problems;
  return [...problems.slice(0, MOST_PROBLEMS), `and ${problems.length - MOST_PROBLEMS} more problems of this kind`];
}
