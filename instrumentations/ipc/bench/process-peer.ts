/**
 * The receiving end: a child that takes messages and, at a string, tells its CPU time so far. Arguments: the mode, and
 * `single` if each message is to be sent back.
 */
import { carryByHand } from './contexts-in-envelopes.ts';
import { type Mode, setUp } from './process-world.ts';

const mode = process.argv[2] as Mode;
const isSingle = process.argv[3] === 'single';
setUp(mode);
if (mode === 'contexts alone') carryByHand(process);
let received = 0;
process.on('message', (message) => {
  if (typeof message !== 'string') {
    received += (message as { readonly width: number }).width > 0 ? 1 : 0;
    if (isSingle) process.send?.(message);
    return;
  }
  const { user, system } = process.cpuUsage();
  process.send?.({ micros: user + system, received });
});
