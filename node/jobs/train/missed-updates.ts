/** Reports why a round was extended, or continues, without this node's update, and what its owner can do about it. */
import { toHex } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { NodeLog } from "../../telemetry/log.ts";

/** How far this node is with its update. */
export type UpdateStage = "order" | "files" | "training" | "commit";

const WHY: Readonly<Record<UpdateStage, { readonly reason: string; readonly remedy: string }>> = {
  order: {
    reason: "its order is still being looked at",
    remedy: "if this continues, this machine is too busy to read orders: give it fewer workers",
  },
  files: {
    reason: "parameters or data are still on their way to this node",
    remedy: "check this machine's network and disk; `npx poml status` shows its peers",
  },
  training: {
    reason: "its workers are still training",
    remedy:
      "give this node more or faster workers (workers), or leave such orders to others (jobs.allow)",
  },
  commit: {
    reason: "the update is ready, but its commit is in no block yet",
    remedy: "check whether this node keeps up with the chain: `npx poml status`",
  },
};

export class MissedUpdates {
  readonly #log: Pick<NodeLog, "warn">;
  /** By run. */
  readonly #stages = new Map<string, UpdateStage>();
  readonly #failures = new Map<string, string>();
  /** The last report. */
  readonly #told = new Map<string, string>();

  constructor(log: Pick<NodeLog, "warn">) {
    this.#log = log;
  }

  reach(run: string, stage: UpdateStage): void {
    this.#stages.set(run, stage);
    this.#failures.delete(run);
  }

  /** The update is tried again later. */
  fail(run: string, error: unknown): void {
    this.#failures.set(run, error instanceof Error ? error.message : String(error));
  }

  /** For a job whose round can still take an update of this node; reports each extension once. */
  look(run: string, job: Job): void {
    const { extensions, round } = job;
    const isOver = phaseOf(job) === "revealing";
    const now = isOver ? "over" : String(extensions);
    if ((!isOver && extensions === 0) || this.#told.get(run) === now) return;
    this.#told.set(run, now);
    const failure = this.#failures.get(run);
    const why =
      failure === undefined
        ? WHY[this.#stages.get(run) ?? "order"]
        : { reason: `it failed: ${failure}`, remedy: "it is tried again while the round is open" };
    this.#log.warn(
      isOver
        ? "a round goes on without this node's update"
        : "a round was extended, and this node's update is missing",
      { job: toHex(job.id), round, extension: extensions, ...why },
    );
  }

  /** Forgets the runs of other rounds. */
  keepOnly(wanted: ReadonlySet<string>): void {
    for (const kept of [this.#stages, this.#failures, this.#told]) {
      for (const run of kept.keys()) if (!wanted.has(run)) kept.delete(run);
    }
  }
}
