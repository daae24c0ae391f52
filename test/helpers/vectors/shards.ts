/** docs/training.md, "Shards". */
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { assignChunks, type Partition } from "../../../ml/dataset/partition.ts";

const CASES: readonly (readonly [Partition, chunks: number, participants: number])[] = [
  ["iid", 1, 1],
  ["iid", 12, 4],
  ["iid", 13, 4],
  ["iid", 32, 5],
  ["by-label", 3, 3],
  ["by-label", 8, 4],
  ["by-label", 9, 4],
  ["by-label", 32, 5],
  ["by-label", 64, 7],
];

export function shardVectors(): object {
  return {
    about: "Chunk indexes of every position.",
    cases: CASES.map(([partition, chunks, participants], index) => {
      const seed = sha256(Uint8Array.of(index));
      const shards = assignChunks(chunks, participants, seed, partition);
      return { partition, chunks, participants, seed: toHex(seed), shards };
    }),
  };
}
