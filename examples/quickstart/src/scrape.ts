/** What reading /metrics during the run showed. */
export interface ScrapeLog {
  readonly scrapes: number;
  readonly failed: number;
  /** Of the last one that worked. */
  readonly series: number;
  readonly bytes: number;
  readonly slowestMs: number;
}

const EVERY_MS = 5_000;
const TIMEOUT_MS = 4_000;

/** Reads /metrics every five seconds, as Prometheus would. */
export function startScraping(url: string): { end(): ScrapeLog } {
  let log: ScrapeLog = { scrapes: 0, failed: 0, series: 0, bytes: 0, slowestMs: 0 };
  const scrape = async (): Promise<void> => {
    const start = performance.now();
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const text = await response.text();
      if (!response.ok) throw new Error(`status ${response.status}`);
      log = {
        ...log,
        scrapes: log.scrapes + 1,
        series: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
        bytes: Buffer.byteLength(text),
        slowestMs: Math.max(log.slowestMs, performance.now() - start),
      };
    } catch {
      log = { ...log, failed: log.failed + 1 };
    }
  };
  const timer = setInterval(() => void scrape(), EVERY_MS);
  return {
    end: () => {
      clearInterval(timer);
      return log;
    },
  };
}
