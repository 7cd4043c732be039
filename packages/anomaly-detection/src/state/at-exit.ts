const ends = new Set<() => void>();

function onExit(): void {
  for (const end of ends) end();
}

/**
 * Calls back as this process or worker thread exits: at its natural end, `process.exit` and an uncaught error, but at no
 * signal that nobody listens to. One listener for all of them. Returns the undo.
 */
export function atExit(end: () => void): () => void {
  // Each registration has its own undo, even of the same function.
  const own = (): void => end();
  if (ends.size === 0) process.on('exit', onExit);
  ends.add(own);
  return () => {
    ends.delete(own);
    if (ends.size === 0) process.removeListener('exit', onExit);
  };
}
