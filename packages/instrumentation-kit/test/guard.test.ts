import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { callBack, countDropped, droppedCounts, guard, guarded, reportFailure, warnOnce } from '../src/guard.ts';

const said: unknown[][] = [];

beforeEach(() => {
  const ignore = (): void => {};
  const logger: DiagLogger = {
    error: ignore,
    info: ignore,
    debug: ignore,
    verbose: ignore,
    warn: (...args: unknown[]) => said.push(args),
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
  said.length = 0;
});
afterEach(() => diag.disable());

test('a cause is said once, however often it occurs', () => {
  for (let index = 0; index < 3; index++) warnOnce('guard.test.once', 'the disk is gone');
  expect(said).toEqual([['the disk is gone']]);
});

test('what Sonde throws does not reach the caller: it is counted, said once, and replaced', () => {
  const error = new Error('inside');
  const fail = (): number => {
    throw error;
  };
  expect(guard('guard.test.guard', fail, 7)).toBe(7);
  expect(guard('guard.test.guard', fail, 8)).toBe(8);
  expect(guard('guard.test.guard', () => 9, 7)).toBe(9);
  expect(droppedCounts().get('guard.test.guard')).toBe(2);
  expect(said).toEqual([[expect.stringContaining('guard.test.guard'), error]]);
});

test('a guarded listener passes its arguments and never throws', () => {
  const seen: unknown[] = [];
  const listener = guarded('guard.test.listener', (...args: unknown[]) => {
    seen.push(args);
    throw new Error('listener');
  });
  expect(listener(1, 'two')).toBeUndefined();
  expect(seen).toEqual([[1, 'two']]);
  expect(droppedCounts().get('guard.test.listener')).toBe(1);
});

test('a diag logger that throws changes nothing', () => {
  diag.setLogger(
    {
      warn: () => {
        throw new Error('logger');
      },
    } as unknown as DiagLogger,
    {
      logLevel: DiagLogLevel.ALL,
      suppressOverrideMessage: true,
    },
  );
  expect(() => reportFailure('guard.test.logger', new Error('x'))).not.toThrow();
  expect(droppedCounts().get('guard.test.logger')).toBe(1);
});
test('an application that is called back may throw or reject: neither comes out', async () => {
  const rejected: unknown[] = [];
  const onRejection = (error: unknown): number => rejected.push(error);
  process.on('unhandledRejection', onRejection);
  callBack('test.callback', () => {
    throw new Error('at once');
  });
  callBack('test.callback', async () => {
    throw new Error('later');
  });
  callBack('test.callback', () => 'fine');
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', onRejection);
  expect(rejected).toEqual([]);
  expect(droppedCounts().get('test.callback')).toBe(2);
});

test('a flood of made-up causes stays bounded and is still counted', () => {
  for (let index = 0; index < 3000; index++) {
    countDropped(`guard.test.flood.${index}`);
    warnOnce(`guard.test.flood.${index}`, 'x');
  }
  const counts = droppedCounts();
  expect(counts.size).toBeLessThanOrEqual(1001);
  expect(counts.get('other')).toBeGreaterThan(1900);
  expect(said.length).toBeLessThanOrEqual(1000);
});

test('counts are a copy', () => {
  (droppedCounts() as Map<string, number>).set('guard.test.copy', 1);
  expect(droppedCounts().has('guard.test.copy')).toBe(false);
});
