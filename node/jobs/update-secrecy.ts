/** A participant's update is secret until all have committed, and after the round when it was not revealed. */
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job, Participant } from "../../chain/types/job.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { NodeLog } from "../telemetry/log.ts";

/** @param own commit of the round under way */
export function keepSecret(
  { updateHash }: Pick<Participant, "updateHash">,
  job: Job,
  {
    blobs,
    log,
  }: {
    readonly blobs: Pick<BlobStore, "withhold" | "release">;
    readonly log: Pick<NodeLog, "warn">;
  },
): void {
  const isSecret = phaseOf(job) !== "revealing";
  const done = isSecret ? blobs.withhold(updateHash) : blobs.release(updateHash);
  done.catch((error: unknown) => {
    log.warn("a restart may forget what is withheld", { reason: String(error) });
  });
}
