/** Lets timers, sockets and heartbeats run between two pieces of work on the same thread. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
