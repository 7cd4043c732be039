import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { isExporting, LazyExporter } from '../../src/opentelemetry/lazy-exporter.ts';

const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

test('what is loaded and sent belongs to no request, whoever was active when a processor set its timer', async () => {
  const seen: unknown[] = [];
  const look = (): void => {
    const active = context.active();
    seen.push([trace.getSpanContext(active)?.traceId, isTracingSuppressed(active), isExporting()]);
  };
  const exporter = new LazyExporter<string>(async () => {
    look();
    await null;
    look();
    return {
      export: (_items, done) => {
        look();
        done({ code: 0 });
      },
      shutdown: async () => {},
    };
  });
  context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), () => exporter.export('batch', () => {}));
  await exporter.forceFlush();
  expect(seen).toEqual(Array(3).fill([undefined, true, true]));
});
