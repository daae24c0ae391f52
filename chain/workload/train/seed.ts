/** Seeds of what is random in a training job. All nodes have the same. */
import { taggedHash, uint32Bytes } from "../../crypto/hash.ts";
import type { TrainSpec } from "../../types/train.ts";

/**
 * Of one participant's training in one round: order and dropout follow from it alone.
 * @param shard position among the job's participants
 */
export function trainingSeed(
  { seed }: Pick<TrainSpec, "seed">,
  round: number,
  shard: number,
): Uint8Array {
  return taggedHash("poml/training/v1", seed, uint32Bytes(round), uint32Bytes(shard));
}

/** Of the draw of buckets in one round: it follows from the round before, so no participant of the round chooses it. */
export function bucketSeed(
  { seed }: Pick<TrainSpec, "seed">,
  round: number,
  modelBefore: Uint8Array,
): Uint8Array {
  return taggedHash("poml/update-buckets/v1", seed, uint32Bytes(round), modelBefore);
}
