import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { createArena } from '../../src/threads/arena.ts';
import type { Link } from '../../src/threads/link.ts';
import type { ObservedPort } from '../../src/threads/observed-port.ts';
import { PortTransfers, type TransferParts } from '../../src/threads/port-transfers.ts';
import { MAX_PORTS_BYTES } from '../../src/threads/ring-layout.ts';

const channels: MessageChannel[] = [];
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

function world() {
  const observed = new Map<unknown, ObservedPort>();
  const make = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    channels.push({ port1, port2 });
    observed.set(port2, { port: port2, sent: 0, received: 0, other: { sent: 0 } } as unknown as ObservedPort);
    return port2;
  };
  const transfers = new PortTransfers({ find: (port) => observed.get(port) } as TransferParts);
  const link = { arena: createArena() } as Link;
  return { make, transfers, link };
}

test('ports that could not be described take no rings, so that none is lost', () => {
  const { make, transfers, link } = world();
  const ports = Array.from({ length: 10 }, make);
  const message = Object.fromEntries(ports.map((port, n) => [`${n}${'é'.repeat(600)}`, port]));
  const offers = transfers.offerList(link, message, ports) ?? [];
  const withRings = offers.filter(({ ring }) => ring !== undefined);
  expect([offers.length, withRings.length]).toEqual([10, 3]);
  const described = transfers.describe(offers);
  expect(Buffer.byteLength(described)).toBeLessThanOrEqual(MAX_PORTS_BYTES);
  expect(JSON.parse(described)).toHaveLength(3);
  transfers.withdraw({ link }, offers);
  expect([0, 1, 2, 3].map((ring) => link.arena.has(ring))).toEqual([false, false, false, false]);
});

test('as many ports as there are rings go with one message', () => {
  const { make, transfers, link } = world();
  const ports = Array.from({ length: 70 }, make);
  const offers = transfers.offerList(link, { ports }, ports) ?? [];
  expect(offers.filter(({ ring }) => ring !== undefined)).toHaveLength(64);
  expect(Buffer.byteLength(transfers.describe(offers))).toBeLessThanOrEqual(MAX_PORTS_BYTES);
});
