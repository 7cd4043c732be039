import diagnosticsChannel from 'node:diagnostics_channel';
import { propagation, type Span, type TracerProvider } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { YieldingUndiciInstrumentation } from '../src/undici-instrumentation.ts';

const CHANNEL = 'undici:request:create';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly origin: string;
  headers: string | string[];
}

const request = (headers: Request['headers']): Request => ({ method: 'GET', path: '/', origin: 'http://a', headers });

describe('the undici instrumentation', () => {
  let spans: number;
  let instrumentation: YieldingUndiciInstrumentation;
  const undo: (() => void)[] = [];

  const provider = {
    getTracer: () => ({
      startSpan: (): Partial<Span> => {
        spans += 1;
        return {
          spanContext: () => ({
            traceId: '0af7651916cd43dd8448eb211c80319c',
            spanId: 'b7ad6b7169203331',
            traceFlags: 1,
          }),
        };
      },
    }),
  } as unknown as TracerProvider;

  /** Another subscriber, as an instrumentation of the application's is: it injects, or only listens. */
  const subscribe = (listener: (message: unknown) => void): void => {
    diagnosticsChannel.subscribe(CHANNEL, listener);
    undo.push(() => diagnosticsChannel.unsubscribe(CHANNEL, listener));
  };
  const inject = (message: unknown): void => {
    const { headers } = (message as { request: Request }).request;
    if (Array.isArray(headers)) headers.push('traceparent', '00-…');
    else (message as { request: Request }).request.headers = `${headers}TraceParent: 00-…\r\n`;
  };
  const send = (made: Request): Request => {
    diagnosticsChannel.channel(CHANNEL).publish({ request: made });
    return made;
  };

  beforeEach(() => {
    spans = 0;
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    instrumentation = new YieldingUndiciInstrumentation();
    instrumentation.setTracerProvider(provider);
  });
  afterEach(() => {
    instrumentation.disable();
    for (const each of undo.splice(0)) each();
    propagation.disable();
  });

  it('is off until it is enabled, and off again when it is disabled', () => {
    expect(instrumentation.getConfig().enabled).toBe(false);
    send(request([]));
    instrumentation.enable();
    expect(instrumentation.getConfig().enabled).toBe(true);
    expect(send(request([])).headers).toContain('traceparent');
    instrumentation.disable();
    send(request([]));
    expect(spans).toBe(1);
  });

  it.each([[[]], ['']])('leaves a request alone that was instrumented before its turn: %j', (headers) => {
    subscribe(inject);
    instrumentation.enable();
    const { headers: after } = send(request(headers));
    expect(spans).toBe(0);
    expect(String(after).match(/traceparent/gi)).toHaveLength(1);
  });

  it('goes behind one that came later', () => {
    instrumentation.enable();
    subscribe(inject);
    send(request([]));
    send(request(''));
    send(request([]));
    expect(spans).toBe(0);
  });

  it('goes on beside a subscriber that only listens, and minds no header of the application when it is alone', () => {
    instrumentation.enable();
    send(request(['traceparent', '00-by-hand']));
    expect(spans).toBe(1);
    subscribe(() => {});
    send(request([]));
    send(request(['baggage', 'a=b', 'tracestate', 'x=y']));
    send(request('accept: */*\r\n'));
    // The first request after somebody came is left to them.
    expect(spans).toBe(3);
  });

  it('keeps its own ways when it is configured', () => {
    instrumentation.setConfig({ enabled: true });
    instrumentation.enable();
    subscribe(inject);
    send(request([]));
    send(request([]));
    expect(spans).toBe(0);
  });
});
