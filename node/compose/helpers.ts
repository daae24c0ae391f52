/** The processes beside one node that read strangers' files, and what the node asks of them. */
import { Helper } from "../helpers/helper.ts";

import type { JobServicesModules } from "../jobs/job-services.ts";
import { MERGE_LIMITS } from "../jobs/train/merge/merge-limits.ts";
import { ModelOpener } from "../jobs/train/models/model-opener.ts";
import { OrderInspector } from "../jobs/train/orders/order-inspector.ts";
import type { NodeLog } from "../telemetry/log.ts";

export interface Helpers {
  readonly inspector: OrderInspector;
  readonly opener: ModelOpener;
  readonly merge: JobServicesModules["merge"];
  stop(): Promise<void>;
}

export function createHelpers(log: NodeLog): Helpers {
  const newHelper = (): Helper => new Helper({ log: log.child({ module: "helpers" }) });
  const inspecting = { exact: newHelper(), tfjs: newHelper() };
  const [opening, merging] = [newHelper(), newHelper()];
  const inspector = new OrderInspector(inspecting);
  const opener = new ModelOpener(opening);
  return {
    inspector,
    opener,
    merge: (task, signal, turn) => merging.run("merge", task, MERGE_LIMITS, { signal, turn }),
    stop: async () => {
      inspector.stop();
      opener.stop();
      const all = [inspecting.exact, inspecting.tfjs, opening, merging];
      await Promise.all(all.map((helper) => helper.stop()));
    },
  };
}
