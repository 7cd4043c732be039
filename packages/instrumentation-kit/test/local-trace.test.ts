import { ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { LOCAL_TRACE, markTrace } from '../src/index.ts';

const span = (): Span => trace.wrapSpanContext({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 });
const contextWith = (localTrace: unknown) =>
  trace.setSpan(ROOT_CONTEXT, Object.assign(span(), { [LOCAL_TRACE]: localTrace }));

test('the stage that holds the local trace of a span is asked to keep it, and says whether it can', () => {
  const mark = jest.fn().mockReturnValueOnce(true).mockReturnValueOnce(false);
  const active = contextWith({ mark });
  expect([markTrace(active), markTrace(active)]).toEqual([true, false]);
  expect(mark).toHaveBeenCalledTimes(2);
});

test('where there is no span, no stage, or a stage that does not speak of marks, nobody keeps it', () => {
  const contexts = [
    ROOT_CONTEXT,
    trace.setSpan(ROOT_CONTEXT, span()),
    contextWith({}),
    contextWith({ mark: () => 'yes' }),
  ];
  expect(contexts.map(markTrace)).toEqual([false, false, false, false]);
});
