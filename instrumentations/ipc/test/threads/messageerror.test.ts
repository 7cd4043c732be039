import { MessageChannel } from 'node:worker_threads';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { createEventStream } from '@sonde/event-stream';
import { eventsFrom, hotMetricsFrom } from '@sonde/instrumentation-kit';
import { createChannels } from '../../src/channels.ts';
import { resolveConfig } from '../../src/config.ts';
import { TELEMETRY } from '../../src/semantic-names.ts';
import { createArena } from '../../src/threads/arena.ts';
import { FetchedSpans } from '../../src/threads/fetched-spans.ts';
import { messageKind } from '../../src/threads/message-kind.ts';
import { DISPATCH } from '../../src/threads/native-port.ts';
import { createPorts } from '../../src/threads/ports.ts';
import { RingReader } from '../../src/threads/ring-reader.ts';
import { RingWriter } from '../../src/threads/ring-writer.ts';

test('a message that cannot be read has its place in the sequence; events of the application have none', () => {
  const channels = createChannels({
    config: resolveConfig(),
    instruments: hotMetricsFrom(TELEMETRY),
    events: eventsFrom(TELEMETRY),
    tracer: () => trace.getTracer('test'),
  });
  const { clock } = createEventStream();
  const ports = createPorts(channels, clock, new FetchedSpans());
  const { port1, port2 } = new MessageChannel();
  const { down } = createArena().worker;
  const writer = new RingWriter(down, clock, undefined);
  const observed = ports.observe(port1, { system: 's', destination: 'd' });
  observed.reader = new RingReader(down, clock, { peer: undefined, taken: 0 });
  const send = (digit: string, message: unknown): void => {
    const spanContext = { traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags: 0 };
    const context = trace.setSpanContext(ROOT_CONTEXT, spanContext);
    writer.write(context, messageKind(message), 1, '');
  };
  for (const digit of ['a', 'b', 'c']) send(digit, 'text');

  const events: string[] = [];
  port1.on('messageerror', () => events.push('messageerror'));
  port1.addEventListener('message', () => events.push('message'));
  // As the native side calls it; and as `emit` and `dispatchEvent` of an application do.
  const dispatch = (port1 as unknown as { [DISPATCH]: (...args: unknown[]) => void })[DISPATCH].bind(port1);
  const idOf = (): string | undefined => trace.getSpanContext(observed.takeUp('text').context ?? ROOT_CONTEXT)?.traceId;
  expect(idOf()).toBe('a'.repeat(32));
  dispatch(new Error('cannot be read'), 'messageerror', undefined);
  dispatch('by emit', 'message');
  port1.dispatchEvent(new Event('close') as never);
  expect(ports.find(port1)).toBe(observed);
  expect(idOf()).toBe('c'.repeat(32));
  expect(observed.received).toBe(3);
  expect(events).toEqual(['messageerror', 'message']);
  ports.stop();
  expect(Object.hasOwn(port1, 'postMessage')).toBe(false);
  port2.close();
});
