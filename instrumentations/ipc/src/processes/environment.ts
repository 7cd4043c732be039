import { platform } from 'node:process';
import { type Context, propagation } from '@opentelemetry/api';
import { type Carrier, writeCarrier } from '@sonde/instrumentation-kit';

/*
 * Context in environment variables, by the names and rules of OpenTelemetry's "Environment Variables as Context Propagation
 * Carriers": TRACEPARENT, TRACESTATE, BAGGAGE, and what other propagators write under the upper-case name of its header.
 * https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
/**
 * Says to a child that its parent listens, and by what key they know each other; carries the parent's clock. Not for
 * grandchildren: a child removes it, unless Sonde is not loaded there: then its program finds it in its environment, and
 * hands it on. It is set for children with an IPC channel, and for others where there is a context to tell.
 */
export const PARENT_VARIABLE = 'NODE_SONDE_PARENT';
/** Variables that are ours to replace, whatever propagator is in use. */
const W3C = ['TRACEPARENT', 'TRACESTATE', 'BAGGAGE'] as const;
const HEADERS = ['traceparent', 'tracestate', 'baggage'] as const;
/** Longer ones are left out whole, so that no child fails to start for its environment (E2BIG). */
const MAX_LENGTH = 8192;
const LISTENS = 'ipc';
const HLC_LENGTH = 16;
const isCaseBlind = platform === 'win32';

/** What this process was started with. */
export interface Inherited {
  readonly carrier: Carrier;
  /** Of the IPC channel, on which the parent listens; empty where it does not. */
  readonly key: string;
}

/** The variable for a header. */
export function variableOf(header: string): string {
  return header.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
}

function nameOf(pair: string): string {
  const name = pair.slice(0, pair.indexOf('='));
  return isCaseBlind ? name.toUpperCase() : name;
}

/** No line breaks, no NUL: what a header field may hold. */
function isFit(value: string): boolean {
  return value.length <= MAX_LENGTH && !/[^\t\x20-\x7e\x80-\xff]/.test(value);
}

/**
 * The variables for a child that is started in a context.
 * @param key of the channel; empty where there is none
 */
export function variablesFor(active: Context, key: string): Map<string, string> {
  const { hlc = '', ...headers } = writeCarrier(active);
  const variables = new Map<string, string>();
  for (const [header, value] of Object.entries(headers)) {
    if (value !== undefined && isFit(value)) variables.set(variableOf(header), value);
  }
  if (key !== '') variables.set(PARENT_VARIABLE, `${hlc}${LISTENS}${key}`);
  else if (variables.size > 0) variables.set(PARENT_VARIABLE, hlc);
  return variables;
}

/**
 * The environment of a child: without the context variables that are replaced, and, where no trace is active, without
 * those that this process was itself started with: they would make the child of nobody's request a child of the one that
 * once started this process. What the application put there itself stays.
 * @param pairs `NAME=value`; not changed
 */
export function withVariables(
  pairs: readonly string[],
  variables: ReadonlyMap<string, string>,
  inherited: Carrier,
): string[] {
  const kept = pairs.filter((pair) => {
    const name = nameOf(pair);
    if (name === PARENT_VARIABLE || variables.has(name)) return false;
    const index = W3C.indexOf(name as 'BAGGAGE');
    if (index < 0) return true;
    // A new trace with the state of another one would be neither.
    if (name === 'TRACESTATE' && variables.has('TRACEPARENT')) return false;
    return pair.slice(name.length + 1) !== inherited[HEADERS[index] as 'baggage'];
  });
  for (const [name, value] of variables) kept.push(`${name}=${value}`);
  return kept;
}

/** What stands in the variables of the propagators that are registered by now, W3C's in any case. */
export function readVariables(environment: NodeJS.ProcessEnv): Carrier {
  const carrier: Carrier = {};
  for (const header of new Set([...HEADERS, ...propagation.fields()])) {
    const value = environment[variableOf(header)];
    if (value !== undefined && value.length <= MAX_LENGTH) carrier[header] = value;
  }
  return carrier;
}

/** Reads what this process was started with, and removes what is not for its children. */
export function takeInherited(environment: NodeJS.ProcessEnv): Inherited {
  const carrier = readVariables(environment);
  const parent = environment[PARENT_VARIABLE] ?? '';
  delete environment[PARENT_VARIABLE];
  const hlc = parent.slice(0, HLC_LENGTH);
  if (hlc !== '') carrier.hlc = hlc;
  const invitation = parent.slice(HLC_LENGTH);
  return { carrier, key: invitation.startsWith(LISTENS) ? invitation.slice(LISTENS.length) : '' };
}
