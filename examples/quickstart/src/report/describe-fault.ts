import type { Fault } from '../load/protocol.ts';
import { bytes, duration, percent } from './format.ts';

/** What was done, in words. */
export function describeFault(fault: Fault): string {
  const planned = duration(fault.durationMs);
  switch (fault.kind) {
    case 'slow-file':
      return `a slow file in ${fault.route}, ${planned} (${fault.slowness})`;
    case 'blocked-loop':
      return `a blocked loop in ${fault.route}, ${planned} (${fault.phase} its first await)`;
    case 'error-storm':
      return `an error storm in ${fault.route} for ${planned} (${percent(fault.share)} of its requests ask for damaged files)`;
    case 'heap-leak':
      return `a heap leak in ${fault.route}, ${bytes(fault.bytesPerSecond)} a second for ${fault.isForTheRest ? 'the rest' : planned}`;
    case 'slow-filesystem':
      return `a slow filesystem for ${planned} (${fault.filesPerSecond} files a second late by ${fault.shortestMs} to ${fault.longestMs} ms)`;
  }
}

/** The same, in few words. */
export function nameFault(fault: Fault): string {
  const name = fault.kind.replace('-', ' ');
  return 'route' in fault ? `${name} in ${fault.route}` : name;
}
