/** A run of the open track as a link carries it: nothing goes along, and the result is small. */
import { fromHex, toHex } from "../../chain/crypto/hash.ts";
import { trackTask } from "../../chain/track/task.ts";
import type { TrackRun, TrackRunResult } from "../../ml/track/run.ts";
import type { Assignment } from "./assignment.ts";
import { breach } from "./worker-error.ts";

export function trackAssignment(run: TrackRun): Assignment<TrackRunResult> {
  const { task, mix, publicKey, recipe, testMix } = run;
  const { classes, testRows } = trackTask(task);
  return {
    order: {
      kind: "track",
      task,
      mix: toHex(mix),
      publicKey: toHex(publicKey),
      recipe,
      testMix: testMix === undefined ? null : toHex(testMix),
    },
    inputs: [],
    limitOf: () => 0,
    onOutput: () => {},
    finish(result) {
      if (result.kind !== "track") throw breach(`a ${result.kind} result of a track task`);
      const weights = fromHex(result.weights);
      if ((result.test === null) !== (testMix === undefined)) {
        throw breach("a track result with a test that nobody asked for, or without one");
      }
      if (result.test === null) return { weights, test: undefined };
      const { confusion, outputs } = result.test;
      const counted = confusion.reduce((sum, count) => sum + count, 0);
      if (confusion.length !== classes ** 2 || counted !== testRows) {
        throw breach(`a test of ${counted} rows in ${confusion.length} counts`);
      }
      return {
        weights,
        test: { confusion: Uint32Array.from(confusion), outputs: fromHex(outputs) },
      };
    },
  };
}
