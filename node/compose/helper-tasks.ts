/** The tasks that a node gives to a helper process, and their results. */
import type { MergeOutcome, MergeTask } from "../jobs/train/merge/merge-files.ts";
import type { ModelAnswer, ModelTask } from "../jobs/train/models/open-model.ts";
import type { Inspection, InspectTask } from "../jobs/train/orders/inspect-order.ts";
import type { HashAnswer, HashTask } from "../search/hash-nonces.ts";
import type { ModuleAnswer, ModuleTask } from "../search/probe-module.ts";

export interface HelperTasks {
  hash: { readonly task: HashTask; readonly result: HashAnswer };
  algorithm: { readonly task: ModuleTask; readonly result: ModuleAnswer };
  inspect: { readonly task: InspectTask; readonly result: Inspection };
  model: { readonly task: ModelTask; readonly result: ModelAnswer };
  merge: { readonly task: MergeTask; readonly result: MergeOutcome };
}

/** One of them, with its own task. */
export type KnownRequest = {
  readonly [K in keyof HelperTasks]: { readonly kind: K; readonly task: HelperTasks[K]["task"] };
}[keyof HelperTasks];
