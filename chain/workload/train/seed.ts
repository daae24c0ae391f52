/** The seed of one participant's training in one round: order and dropout follow from it alone. */
import { taggedHash, uint32Bytes } from "../../crypto/hash.ts";
import type { TrainSpec } from "../../types/train.ts";

/** @param shard position among the job's participants */
export function trainingSeed(
  { seed }: Pick<TrainSpec, "seed">,
  round: number,
  shard: number,
): Uint8Array {
  return taggedHash("poml/training/v1", seed, uint32Bytes(round), uint32Bytes(shard));
}
