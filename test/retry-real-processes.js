// Tests that start real services and wait for what they report share two cores with everything else on the machine. One
// that fails is tried again, twice at most, and each failure is printed: a starved process is told apart from a defect.
const REAL_PROCESSES = /\/test\/(preload|end-to-end|compatibility|telemetry-docs)|\/instrumentations\/[^/]+\/test\//;

if (REAL_PROCESSES.test(expect.getState().testPath ?? '')) jest.retryTimes(2, { logErrorsBeforeRetry: true });
