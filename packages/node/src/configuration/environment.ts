import { PARENT_VARIABLE } from '../process-role.ts';
import { nearestName } from './nearest-name.ts';
import type { Layer } from './schema.ts';
import { type Rule, SETTING_KEYS, SETTINGS } from './settings.ts';

/** Names the configuration file. */
export const CONFIG_VARIABLE = 'SONDE_CONFIG';

const PREFIX = 'SONDE_';
const TRUE = new Set(['1', 'true', 'yes', 'on']);
const FALSE = new Set(['0', 'false', 'no', 'off']);

function parseBoolean(text: string): boolean | string {
  const word = text.toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : text;
}

function parseNumber(text: string): number | string {
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}

function parseList(text: string): string[] {
  if (text.toLowerCase() === 'none') return [];
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The text as the type that its setting has; what does not fit stays text and is told by the schema. */
function parse(text: string, rule: Rule): unknown {
  switch (rule.kind) {
    case 'boolean':
      return parseBoolean(text);
    case 'number':
      return parseNumber(text);
    case 'list':
      return parseList(text);
    case 'choice':
    case 'path':
      return text;
  }
}

/** The settings in the environment. An empty variable counts as not set, as in OpenTelemetry. */
export function environmentLayer(environment: NodeJS.ProcessEnv): Layer {
  const values: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const text = environment[SETTINGS[key].environment]?.trim();
    if (text !== undefined && text !== '') values[key] = parse(text, SETTINGS[key].rule);
  }
  return { values, place: (key) => (Object.hasOwn(SETTINGS, key) ? SETTINGS[key as 'preset'].environment : key) };
}

/** Variables that look like a misspelling of one of ours. Others with our prefix may belong to the application. */
export function misspelledVariables(environment: NodeJS.ProcessEnv): string[] {
  const known = [...SETTING_KEYS.map((key) => SETTINGS[key].environment), CONFIG_VARIABLE, PARENT_VARIABLE];
  const problems: string[] = [];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    const meant = nearestName(name, known);
    if (meant !== undefined) problems.push(`${name} is not a setting and is ignored; did you mean ${meant}?`);
  }
  return problems;
}
