// Tests that start real services and wait for what they report share two cores with everything else on the machine. One
// that fails is tried again, twice at most, and each failure is printed: a starved process is told apart from a defect.
// Not in their long forms: what those find is to be told.
const REAL_PROCESSES =
  /\/test\/(preload|end-to-end|compatibility|telemetry-docs)|\/test\/fleet\/|\/instrumentations\/[^/]+\/test\//;

const isLong = process.env.SONDE_TEST_LONG === '1';

if (!isLong && REAL_PROCESSES.test(expect.getState().testPath ?? ''))
  jest.retryTimes(2, { logErrorsBeforeRetry: true });
