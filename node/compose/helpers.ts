/** The helper processes of one node, which read strangers' files, and the requests of the node to them. */
import { fileURLToPath } from "node:url";
import type { Log } from "../../p2p/log.ts";
import { forkHelper, Helper } from "../helpers/helper.ts";
import type { JobServicesModules } from "../jobs/job-services.ts";
import { MERGE_LIMITS } from "../jobs/train/merge/merge-limits.ts";
import { ModelOpener } from "../jobs/train/models/model-opener.ts";
import { OrderInspector } from "../jobs/train/orders/order-inspector.ts";
import { checkAlgorithm } from "../search/check-algorithm.ts";
import type { ModuleReport } from "../search/probe-module.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { HelperTasks } from "./helper-tasks.ts";

/** Trials of algorithms wait in one line. */
const TRIALS = { group: "algorithms", member: "own" };
const PROGRAM = fileURLToPath(new URL("./helper-process.ts", import.meta.url));

/** A child process with this runtime that knows all kinds of tasks. */
export function newHelper(log: Log): Helper<HelperTasks> {
  return new Helper({ log, spawn: (heapMib) => forkHelper(PROGRAM, heapMib) });
}

/** More than a trial may take, the wait for others included. */
const TRIAL_MS = 300_000;

export interface Helpers {
  readonly inspector: OrderInspector;
  readonly opener: ModelOpener;
  /** Tries a search algorithm that the owner of the node brings. @throws AlgorithmError */
  tryModule(bytes: Uint8Array): Promise<ModuleReport>;
  readonly merge: JobServicesModules["merge"];
  readonly tryAlgorithm: JobServicesModules["tryAlgorithm"];
  stop(): Promise<void>;
}

export function createHelpers(log: NodeLog): Helpers {
  const helperLog = log.child({ module: "helpers" });
  const inspecting = { exact: newHelper(helperLog), tfjs: newHelper(helperLog) };
  const opening = newHelper(helperLog);
  const merging = newHelper(helperLog);
  const trying = newHelper(helperLog);
  const inspector = new OrderInspector(inspecting);
  const opener = new ModelOpener(opening);
  return {
    inspector,
    opener,
    tryModule: (bytes) =>
      checkAlgorithm(bytes, opening, {
        signal: AbortSignal.timeout(TRIAL_MS),
        turn: { group: "algorithm", member: "owner" },
      }),
    merge: (task, signal, turn) => merging.run("merge", task, MERGE_LIMITS, { signal, turn }),
    tryAlgorithm: (module, signal) => checkAlgorithm(module, trying, { signal, turn: TRIALS }),
    stop: async () => {
      inspector.stop();
      opener.stop();
      const all = [inspecting.exact, inspecting.tfjs, opening, merging, trying];
      await Promise.all(all.map((helper) => helper.stop()));
    },
  };
}
