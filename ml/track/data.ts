/**
 * The rows of the open track: every class shows several patterns under noise, so that a wider model and a better
 * schedule learn more from the same rows. Patterns and training rows follow from the track's mix, test rows from a
 * later mix.
 */
import { taggedHash } from "../../chain/crypto/hash.ts";
import type { TrackTask } from "../../chain/track/task.ts";
import type { Shard } from "../dataset/shard.ts";
import { noisyRows, randomBytes } from "../dataset/synthetic.ts";
import { Random } from "../random.ts";

/** @param mix of the block that opened the track */
export function trainRows(task: TrackTask, mix: Uint8Array): Shard {
  return rowsOf(task, mix, task.trainRows, taggedHash("poml/track-train/v1", mix));
}

/** @param testMix of the block after the commitments */
export function testRows(task: TrackTask, mix: Uint8Array, testMix: Uint8Array): Shard {
  return rowsOf(task, mix, task.testRows, taggedHash("poml/track-test/v1", mix, testMix));
}

/** Goes through the classes in turn, so that each has the same number of rows. */
function rowsOf(task: TrackTask, mix: Uint8Array, rows: number, seed: Uint8Array): Shard {
  const { inputs: rowSize, classes, modes, noise } = task;
  const patterns = randomBytes(
    new Random(taggedHash("poml/track-patterns/v1", mix)),
    classes * modes * rowSize,
  );
  const random = new Random(seed);
  const labels = Uint16Array.from({ length: rows }, (_, row) => row % classes);
  const picks = labels.map((label) => label * modes + random.below(modes));
  return noisyRows({ rowSize, classes, noise }, { patterns, picks, labels }, random);
}
