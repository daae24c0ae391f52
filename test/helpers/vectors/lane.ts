/** docs/training.md, "Benchmark lanes and the open track". */
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { runLane } from "../../../ml/baseline/lane.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { runTrack } from "../../../ml/track/run.ts";

const clock = { now: () => 0 };

export async function laneVectors(): Promise<object> {
  const engine = await createExactEngine();
  const seed = sha256(Uint8Array.of(4));
  const of = async (task: number, stepsPerSegment: number, maxSegments: number) => {
    const run = runLane({ seed, task, stepsPerSegment, maxSegments }, { engine, clock });
    let turn = await run.next();
    while (turn.done !== true) turn = await run.next();
    const { checkpoints, checkpointRoot } = turn.value;
    return {
      task,
      steps: stepsPerSegment,
      states: checkpoints.map(toHex),
      root: toHex(checkpointRoot),
    };
  };
  return {
    about: "states: SHA-256 of every state of the lane, the first is the zero state.",
    seed: toHex(seed),
    // Eleven segments: the last one begins with weights of its own.
    lanes: [await of(1, 1, 11), await of(2, 1, 1)],
  };
}

export async function trackVectors(): Promise<object> {
  const [mix, publicKey, testMix] = [1, 2, 3].map((n) => sha256(Uint8Array.of(n))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const recipe = { learningRate: 50_000, batchSize: 400, width: 6, epochs: 1 };
  const engine = await createExactEngine();
  const run = runTrack({ task: 1, mix, publicKey, recipe, testMix }, { engine, clock });
  let turn = await run.next();
  while (turn.done !== true) turn = await run.next();
  const { weights, test } = turn.value;
  return {
    about: "weights and outputs are SHA-256; counts row by row, label by predicted class.",
    ...{ mix: toHex(mix), publicKey: toHex(publicKey), testMix: toHex(testMix), recipe },
    weights: toHex(weights),
    counts: [...(test?.confusion ?? [])],
    outputs: toHex(test?.outputs ?? new Uint8Array()),
  };
}
