import { createRequire } from 'node:module';
import type { ZodTypeAny } from 'zod/v3';
import type { SondeOptions } from '../types.ts';
import { nearestName } from './nearest-name.ts';
import { show } from './problems.ts';
import { describeRule, type Rule, SETTING_KEYS, SETTINGS, type SettingKey } from './settings.ts';

/** What one source of settings gave. */
export interface Layer {
  /** How a message names the place of a key, e.g. `SONDE_PRESET` or `preset in /srv/sonde.yaml`. */
  readonly place: (key: string) => string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The valid part of a layer, and what was wrong with the rest. */
export interface CheckedLayer {
  readonly values: SondeOptions;
  readonly problems: readonly string[];
}

// Loaded only when something is set. The v3 entry of zod takes 10 ms to load, the v4 one (all its locales) 50 to 60.
type Zod = typeof import('zod/v3');
let schema: Readonly<Record<SettingKey, ZodTypeAny>> | undefined;

function schemaOf(rule: Rule, z: Zod['z']): ZodTypeAny {
  switch (rule.kind) {
    case 'choice':
      return z.enum(rule.values as [string, ...string[]]);
    case 'list':
      return z.array(z.enum(rule.values as [string, ...string[]])).transform((names) => [...new Set(names)]);
    case 'number': {
      const range = z.number().min(rule.min).max(rule.max);
      return rule.isInteger === true ? range.int() : range;
    }
    case 'boolean':
      return z.boolean();
    case 'path':
      return z
        .string()
        .min(1)
        .refine((path) => !path.includes('\0'));
  }
}

function settingsSchema(): Readonly<Record<SettingKey, ZodTypeAny>> {
  if (schema === undefined) {
    const { z } = createRequire(import.meta.url)('zod/v3') as Zod;
    const shape = SETTING_KEYS.map((key) => [key, schemaOf(SETTINGS[key].rule, z)]);
    // One strict object; its shape is asked key by key, so that a bad value costs only itself.
    schema = z.object(Object.fromEntries(shape)).strict().shape as Readonly<Record<SettingKey, ZodTypeAny>>;
  }
  return schema;
}

const MOST_EXPLAINED = 20;

function isSetting(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

function unknownKey(key: string, place: (key: string) => string): string {
  const meant = nearestName(key, SETTING_KEYS);
  const hint = meant === undefined ? `known settings: ${SETTING_KEYS.join(', ')}` : `did you mean ${meant}?`;
  return `${place(key)} is not a setting and is ignored; ${hint}`;
}

/** Validates what one source gave, key by key. Never throws; loads zod at the first value. */
export function checkLayer({ place, values }: Layer): CheckedLayer {
  const checked: Partial<Record<SettingKey, unknown>> = {};
  const problems: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    if (!isSetting(key)) {
      // Looking for what may have been meant takes time: not for thousands.
      problems.push(problems.length < MOST_EXPLAINED ? unknownKey(key, place) : `${place(key)} is not a setting`);
      continue;
    }
    const result = settingsSchema()[key].safeParse(value);
    if (result.success) checked[key] = result.data;
    else {
      const rule = describeRule(SETTINGS[key].rule);
      problems.push(`${place(key)} must be ${rule}, got ${show(value)}; the default holds until it is corrected`);
    }
  }
  return { values: checked as SondeOptions, problems };
}
