/**
 * Entry point of a local worker process. Its parent sends where to connect; it ends with the link, with its parent, or
 * on SIGTERM.
 */
import { systemClock } from "../clock.ts";
import { processMeter } from "../core-meter.ts";
import { ChildOrders, logThrough } from "./child-messages.ts";
import { runWorker } from "./worker-main.ts";

/** After this time a task that ignores the signal is cut off. */
const GRACE_MS = 2_000;

const stop = new AbortController();
const log = logThrough((line) => {
  // If the parent has ended, nobody reads this.
  if (process.connected) process.send?.(line, () => {});
});

function leave(): void {
  stop.abort();
  setTimeout(() => process.exit(0), GRACE_MS).unref();
}

process.once("SIGTERM", leave);
// The terminal sends this signal to the whole group; the parent decides what it means.
process.on("SIGINT", () => {});
process.once("disconnect", leave);
process.once("message", (message) => {
  const orders = ChildOrders.parse(message);
  const modules = {
    log,
    clock: systemClock,
    meter: processMeter,
    signal: stop.signal,
    afterTask: () => globalThis.gc?.(),
  };
  runWorker({ ...orders, reconnect: false }, modules).then(
    () => process.exit(0),
    (error: unknown) => {
      log.error("worker ends", { reason: error instanceof Error ? error.message : String(error) });
      process.exitCode = 1;
      process.disconnect?.();
    },
  );
});
