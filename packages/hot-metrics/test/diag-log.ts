import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';

/** Collects what is said through `diag` while a test runs. */
export function captureDiag(): { warnings: string[]; infos: string[] } {
  const said = { warnings: [] as string[], infos: [] as string[] };
  const logger: DiagLogger = {
    error: () => {},
    warn: (message) => said.warnings.push(message),
    info: (message) => said.infos.push(message),
    debug: () => {},
    verbose: () => {},
  };
  beforeEach(() => {
    said.warnings.length = 0;
    said.infos.length = 0;
    diag.setLogger(logger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
    // setLogger itself may say that it was called.
    said.warnings.length = 0;
    said.infos.length = 0;
  });
  afterEach(() => diag.disable());
  return said;
}
