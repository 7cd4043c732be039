// The forked child: asks the service on the unix socket.
import { ask } from './ask.ts';

process.on('message', async ({ id, sku }: { id: number; sku: string }) => {
  process.send?.({ id, cost: await ask(`/prices/${sku}`) });
});
