const POLL_MS = 250;
const PATIENCE_MS = 10_000;

/** Ends this process by SIGTERM when its parent is gone, and by SIGKILL when that takes more than ten seconds. */
export function endWithParent(): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), PATIENCE_MS).unref();
  }, POLL_MS);
  timer.unref();
}
