/**
 * The receiving end: a child that takes messages and, at a string, tells its CPU time so far and starts anew. Argument:
 * the mode.
 */
import { type Mode, setUp } from './process-world.ts';

setUp(process.argv[2] as Mode);
let received = 0;
process.on('message', (message) => {
  if (typeof message !== 'string') {
    received += (message as { readonly width: number }).width > 0 ? 1 : 0;
    return;
  }
  const { user, system } = process.cpuUsage();
  process.send?.({ micros: user + system, received });
});
