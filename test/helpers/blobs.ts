/** A small seeded classification problem: one cloud of points per class, easy but not trivial. */
import { type Shard, shardOf } from "../../ml/dataset/shard.ts";
import { Random } from "../../ml/random.ts";

export function blobs(rows: number, { rowSize = 4, classes = 3, seed = 1 } = {}): Shard {
  const random = new Random(new Uint8Array(32).fill(seed));
  const labels = Uint16Array.from({ length: rows }, (_, row) => row % classes);
  const features = new Float32Array(rows * rowSize).map((_, at) => {
    const centre = at % rowSize === (labels[Math.floor(at / rowSize)] ?? 0) ? 1 : 0;
    return centre + random.uniform() - 0.5;
  });
  return shardOf({ scale: 1, rowSize, classes }, [{ rowSize, features, labels }]);
}
