import { once } from 'node:events';
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventStream, HybridLogicalClock } from '@sonde/event-stream';
import { httpResponseHook, undiciResponseHook } from '../../src/propagation/http-response-hook.ts';
import { extractResponse, injectResponse } from '../../src/propagation/response-timestamp.ts';

const HLC = /^[0-9a-f]{16}$/;
const PEER = { tracestate: 'a=1,sonde=0197a3c5d1e80003' };

function createClock(nowMs: number): HybridLogicalClock {
  return new HybridLogicalClock({ now: () => 0, timeOriginMs: nowMs, maxDriftMs: 500 });
}

test('a response to a peer carries the clock, and the peer is then ordered after it', () => {
  const [server, client] = [createClock(400), createClock(0)];
  const response: Record<string, string> = {};
  expect(injectResponse(PEER, response, { clock: server })).toBe(true);
  expect(response['sonde-hlc']).toMatch(HLC);
  expect(extractResponse(response, { clock: client })).toBe(true);
  expect([client.physicalMs, client.logical]).toEqual([400, server.logical + 1]);
});

test.each([{}, { tracestate: 'a=1' }, { tracestate: 'xsonde=1' }, { tracestate: 7 }, null, undefined])(
  'a request like %p is not from a peer: nothing is told',
  (request) => {
    const response = {};
    expect(injectResponse(request, response)).toBe(false);
    expect(response).toEqual({});
  },
);

test('a request with several lines of tracestate is from a peer when one of them says so', () => {
  expect(injectResponse({ tracestate: ['a=1', PEER.tracestate] }, {})).toBe(true);
});

test.each(['', 'x', 'f'.repeat(16), ['f'.repeat(16)], 7, {}])(
  'a response with the timestamp %p is refused',
  (value) => {
    const clock = createClock(0);
    expect(extractResponse({ 'sonde-hlc': value }, { clock })).toBe(false);
    expect(clock.rejected).toBe(1);
  },
);

test('a response without a timestamp is nothing to refuse', () => {
  const { clock } = eventStream();
  const before = clock.rejected;
  for (const response of [{}, null, undefined, Object.create(null)]) expect(extractResponse(response)).toBe(false);
  expect(clock.rejected).toBe(before);
});

describe('over HTTP', () => {
  let server: Server;
  afterEach(() => server.close());

  async function fetchFrom(headers: Record<string, string>, listener: RequestListener): Promise<IncomingMessage> {
    server = createServer((request, response) => {
      httpResponseHook(undefined, response);
      listener(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const request = get({ port: (server.address() as AddressInfo).port, headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response;
  }

  it.each<[string, RequestListener]>([
    ['implicit headers', (_, response) => response.end('x')],
    ['writeHead', (_, response) => response.writeHead(201, { 'x-a': '1' }).end()],
    ['writeHead with a reason', (_, response) => response.writeHead(201, 'Made', { 'x-a': '1' }).end()],
    ['raw headers', (_, response) => response.writeHead(200, ['x-a', '1', 'x-b', '2']).end()],
    [
      'setHeader and flushHeaders',
      (_, response) => {
        response.setHeader('x-a', '1').flushHeaders();
        response.end();
      },
    ],
    [
      'chunks',
      (_, response) => {
        response.write('a');
        response.end('b');
      },
    ],
  ])('a response by %s is stamped when its head is written', async (_how, listener) => {
    const response = await fetchFrom(PEER, listener);
    expect(response.headers['sonde-hlc']).toMatch(HLC);
    expect(response.headers['x-a'] ?? '1').toBe('1');
    const { clock } = eventStream();
    const before = clock.rejected;
    httpResponseHook(undefined, response);
    expect(clock.rejected).toBe(before);
  });

  it('nobody else is told anything, and nothing of the response is touched', async () => {
    let isOwn = true;
    const response = await fetchFrom({ tracestate: 'a=1' }, (_, res) => {
      isOwn = Object.hasOwn(res, 'writeHead');
      res.end();
    });
    expect(response.headers).not.toHaveProperty('sonde-hlc');
    expect(isOwn).toBe(false);
  });

  it('a client is ordered after what a server with another clock had done', async () => {
    const ahead = createClock(Date.now() + 30_000);
    const response = await fetchFrom({}, (_, res) => {
      injectResponse(PEER, res, { clock: ahead, setter: { set: (to, key, value) => to.setHeader(key, value) } });
      res.end();
    });
    const { clock } = eventStream();
    clock.send();
    expect(clock.physicalMs).toBeLessThan(ahead.physicalMs);
    httpResponseHook(undefined, response);
    expect(clock.physicalMs).toBe(ahead.physicalMs);
  });

  it('a hook that is given something else does nothing', () => {
    for (const odd of [null, undefined, {}, { writeHead: 1 }]) {
      expect(() => httpResponseHook(undefined, odd as unknown as ServerResponse)).not.toThrow();
    }
  });
});

test('undici hands headers over as a list of buffers', () => {
  const { clock } = eventStream();
  const before = clock.rejected;
  const hook = (...headers: string[]): void =>
    undiciResponseHook(undefined, { response: { headers: headers.map((text) => Buffer.from(text)) } });
  hook('X-A', '1', 'Sonde-HLC', 'f'.repeat(16));
  expect(clock.rejected).toBe(before + 1);
  hook('X-A', '1', 'odd');
  hook();
  expect(clock.rejected).toBe(before + 1);
});
