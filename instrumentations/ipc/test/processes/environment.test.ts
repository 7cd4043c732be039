import { context, propagation, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  readVariables,
  takeInherited,
  variableOf,
  variablesFor,
  withVariables,
} from '../../src/processes/environment.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const traced = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: TRACE_ID,
  spanId: SPAN_ID,
  traceFlags: TraceFlags.SAMPLED,
});

describe('the environment of a child', () => {
  beforeAll(() => {
    const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
    propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  });
  afterAll(() => propagation.disable());

  it('names variables as the convention says', () => {
    expect(['traceparent', 'x-b3-traceid', 'uber-trace-id'].map(variableOf)).toEqual([
      'TRACEPARENT',
      'X_B3_TRACEID',
      'UBER_TRACE_ID',
    ]);
  });

  it('carries trace and baggage, and the clock', () => {
    const baggage = propagation.createBaggage({ tenant: { value: 'é, =' } });
    const variables = variablesFor(propagation.setBaggage(traced, baggage), '');
    expect(variables.get('TRACEPARENT')).toBe(TRACEPARENT);
    expect(variables.get('BAGGAGE')).toBe('tenant=%C3%A9%2C%20%3D');
    expect(variables.get('NODE_SONDE_PARENT')).toMatch(/^[0-9a-f]{16}$/);
  });

  it('says nothing where there is nothing to say, but invites a child with a channel', () => {
    expect(variablesFor(ROOT_CONTEXT, '').size).toBe(0);
    expect([...variablesFor(ROOT_CONTEXT, 'k').keys()]).toEqual(['NODE_SONDE_PARENT']);
  });

  it('holds no line break and nothing that is too long for a variable', () => {
    const state = { serialize: () => 'a=b\nPATH=/evil' } as never;
    const spanContext = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1, traceState: state };
    expect([...variablesFor(trace.setSpanContext(context.active(), spanContext), '').keys()]).toEqual([
      'TRACEPARENT',
      'NODE_SONDE_PARENT',
    ]);
    const long = { ...spanContext, traceState: { serialize: () => 'a'.repeat(10_000) } as never };
    expect(variablesFor(trace.setSpanContext(ROOT_CONTEXT, long), '').has('TRACESTATE')).toBe(false);
  });

  it('replaces what was there, and changes nothing of what it was given', () => {
    const pairs = Object.freeze(['A=1', 'TRACEPARENT=old', 'TRACESTATE=old', 'BAGGAGE=mine', 'B=x=y']) as string[];
    const replaced = withVariables(pairs, new Map([['TRACEPARENT', 'new']]), {});
    // The state of another trace goes with it; baggage of the application stays.
    expect(replaced).toEqual(['A=1', 'BAGGAGE=mine', 'B=x=y', 'TRACEPARENT=new']);
  });

  it('hands on nothing of what this process was itself started with', () => {
    const inherited = { traceparent: 'ours', tracestate: 's', baggage: 'b' };
    const pairs = ['TRACEPARENT=ours', 'TRACESTATE=s', 'BAGGAGE=b', 'NODE_SONDE_PARENT=x', 'C=1'];
    expect(withVariables(pairs, new Map(), inherited)).toEqual(['C=1']);
    expect(withVariables(['TRACEPARENT=theirs'], new Map(), inherited)).toEqual(['TRACEPARENT=theirs']);
  });

  it('is read once, and what is for this process alone is removed', () => {
    const environment: NodeJS.ProcessEnv = {
      TRACEPARENT,
      BAGGAGE: 'x'.repeat(10_000),
      NODE_SONDE_PARENT: '0123456789abcdefipc42',
    };
    expect(takeInherited(environment)).toEqual({
      carrier: { traceparent: TRACEPARENT, hlc: '0123456789abcdef' },
      key: '42',
    });
    expect(Object.keys(environment)).toEqual(['TRACEPARENT', 'BAGGAGE']);
    expect(readVariables({})).toEqual({});
  });
});
