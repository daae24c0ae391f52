/**
 * Entry of a local worker process. Its parent sends where to connect; it ends with the link, with
 * its parent, or on SIGTERM.
 */
import { z } from "zod";
import { systemClock } from "../clock.ts";
import { createLog } from "../telemetry/log.ts";
import { runWorker } from "./worker-main.ts";

const Orders = z.strictObject({ url: z.string(), token: z.string(), threads: z.int() });
/** After this a task that does not heed the signal is cut off. */
const GRACE_MS = 2_000;

const log = createLog("warn").child({ module: "worker" });
const stop = new AbortController();

function leave(): void {
  stop.abort();
  setTimeout(() => process.exit(0), GRACE_MS).unref();
}

process.once("SIGTERM", leave);
// The terminal sends this to the whole group; the parent decides what it means.
process.on("SIGINT", () => {});
process.once("disconnect", leave);
process.once("message", (message) => {
  const orders = Orders.parse(message);
  runWorker({ ...orders, reconnect: false }, { log, clock: systemClock, signal: stop.signal }).then(
    () => process.exit(0),
    (error: unknown) => {
      log.error("worker ends", { reason: error instanceof Error ? error.message : String(error) });
      process.exit(1);
    },
  );
});
