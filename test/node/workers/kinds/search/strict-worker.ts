/** A worker process that ends modules which never return soon. */
import { systemClock } from "../../../../../node/clock.ts";
import { processMeter } from "../../../../../node/core-meter.ts";
import { runWorker } from "../../../../../node/workers/worker-main.ts";
import { SILENT } from "../../../../../p2p/log.ts";

const stop = new AbortController();
process.once("disconnect", () => stop.abort());
process.once("message", ({ url, token }: { url: string; token: string }) => {
  void runWorker(
    { url, token, threads: 1, reconnect: false },
    {
      log: SILENT,
      clock: systemClock,
      meter: processMeter,
      signal: stop.signal,
      searchLimits: { openCpuMs: 3_000, callCpuMs: 500, stopCpuMs: 200 },
    },
  ).finally(() => process.exit(0));
});
