/**
 * A node's work in the open track, from the chain's values alone: participants and judges run the same function and get
 * the same bits.
 */

import { sha256, taggedHash } from "../../chain/crypto/hash.ts";
import { WHOLE } from "../../chain/millionths.ts";
import { runSeed } from "../../chain/track/proof.ts";
import { trackTask } from "../../chain/track/task.ts";
import type { Recipe } from "../../chain/types/track.ts";
import { bytesOfFloats, indexOfNonFinite } from "../bytes.ts";
import type { Shard } from "../dataset/shard.ts";
import type { Engine, Trainer } from "../engine.ts";
import { addCounts } from "../metrics.ts";
import { initialParameters } from "../model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../model/layers-model.ts";
import { breathe } from "../training/breathe.ts";
import { type TrainProgress, trainShard } from "../training/train-shard.ts";
import { TrainingError } from "../training/training-error.ts";
import { testRows, trainRows } from "./data.ts";

const MOMENTUM = 0.9;
/** All nodes must use this value, because outputs are hashed in row order. */
const TEST_BATCH = 250;

export interface TrackRun {
  /** Version of the task. */
  readonly task: number;
  /** The mix of the block that opened the track. */
  readonly mix: Uint8Array;
  /** The key of the node whose run it is. */
  readonly publicKey: Uint8Array;
  readonly recipe: Recipe;
  /** The seed of the test rows; undefined until it is known. */
  readonly testMix: Uint8Array | undefined;
}

export interface TrackTest {
  /** classes x classes, row = label, column = prediction. */
  readonly confusion: Uint32Array;
  /** SHA-256 of the outputs on the test rows, float32 little-endian. */
  readonly outputs: Uint8Array;
}

export interface TrackRunResult {
  /** SHA-256 of the trained parameters, float32 little-endian. */
  readonly weights: Uint8Array;
  /** Undefined without a testMix. */
  readonly test: TrackTest | undefined;
}

/**
 * A model with one hidden layer of relu.
 * @throws RangeError for a version that this program does not have
 */
export function trackModel(task: number, width: number): LayersModel {
  const { inputs, classes } = trackTask(task);
  const dense = (name: string, units: number, activation: string, more: object = {}): object => ({
    class_name: "Dense",
    config: { name, units, activation, use_bias: true, ...more },
  });
  const layers = [
    dense("hidden", width, "relu", { batch_input_shape: [null, inputs] }),
    dense("output", classes, "softmax"),
  ];
  return parseLayersModel({ class_name: "Sequential", config: { name: "track", layers } });
}

/**
 * Yields after every step.
 * @throws TrainingError DIVERGED; the signal's reason when aborted
 */
export async function* runTrack(
  { task: version, mix, publicKey, recipe, testMix }: TrackRun,
  {
    engine,
    clock,
    signal,
  }: {
    readonly engine: Engine;
    readonly clock: { now(): number };
    readonly signal?: AbortSignal;
  },
): AsyncGenerator<TrainProgress, TrackRunResult> {
  const task = trackTask(version);
  const { learningRate, batchSize, width, epochs } = recipe;
  const model = trackModel(version, width);
  const trainer = await engine.open(model, {
    optimizer: { kind: "sgd", learningRate: learningRate / WHOLE, momentum: MOMENTUM },
    batchSize,
  });
  try {
    const seed = runSeed(mix, publicKey);
    const parameters = initialParameters(model, taggedHash("poml/track-init/v1", seed));
    const options = { parameters, epochs, batchSize, seed, segments: 1 };
    const shard = trainRows(task, mix);
    const parts = { trainer, shard, clock, ...(signal && { signal }) };
    const trained = yield* trainShard(options, parts);
    const weights = sha256(bytesOfFloats(trained.parameters));
    const test =
      testMix === undefined
        ? undefined
        : await runTest(trainer, testRows(task, mix, testMix), trained.steps);
    return { weights, test };
  } finally {
    trainer.dispose();
  }
}

/** @param steps number of steps that the model was trained for */
async function runTest(trainer: Trainer, rows: Shard, steps: number): Promise<TrackTest> {
  const inputs = new Float32Array(TEST_BATCH * rows.rowSize);
  const labels = new Int32Array(TEST_BATCH);
  const confusion = new Uint32Array(rows.classes ** 2);
  const outputs: Uint8Array[] = [];
  for (let start = 0; start < rows.rows; start += TEST_BATCH) {
    const count = Math.min(TEST_BATCH, rows.rows - start);
    rows.batch(
      Uint32Array.from({ length: count }, (_, i) => start + i),
      inputs,
      labels,
    );
    addCounts(confusion, trainer.evaluate(inputs, labels, count).confusion);
    const predicted = trainer.predict(inputs, count).slice();
    // The bits of a NaN differ from machine to machine.
    if (indexOfNonFinite(predicted) !== -1) {
      throw new TrainingError(steps, "an output on the test rows is not finite");
    }
    outputs.push(bytesOfFloats(predicted));
    await breathe();
  }
  return { confusion, outputs: sha256(...outputs) };
}
