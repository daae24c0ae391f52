/**
 * Training speed: batches of 32 on one thread, plain SGD, for the three models that others publish
 * figures for. The fastest of several rounds counts, because other processes can only slow one down.
 */

import type { Engine } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { initialParameters } from "../../ml/model/initializers.ts";
import { type LayersModel, parseLayersModel } from "../../ml/model/layers-model.ts";
import { presetModel } from "../../ml/model/presets.ts";
import { Random, SEED_BYTES } from "../../ml/random.ts";
import { createTfjsEngine } from "../../ml/tfjs/engine.ts";
import type { BenchOptions } from "./main.ts";

const MODELS = ["2nn", "cnn", "lenet"] as const;
const BATCH_SIZE = 32;
const WARM_UP_STEPS = 10;
const ROUNDS = 5;
const INPUT = { inputShape: [28, 28, 1], classes: 10 };

export interface TrainResult {
  readonly model: string;
  readonly engine: string;
  readonly samplesPerSecond: number;
  /** 10^9 floating-point operations of forward and backward passes per second. */
  readonly gflops: number;
}

export async function bench({ quick }: BenchOptions): Promise<{ results: TrainResult[] }> {
  const roundMs = quick ? 150 : 1_000;
  const engines = [
    await createExactEngine(),
    await createTfjsEngine((message) => process.stderr.write(`${message}\n`)),
  ];
  const results: TrainResult[] = [];
  for (const name of MODELS) {
    const model = parseLayersModel(presetModel(name, INPUT));
    for (const engine of engines) {
      const samplesPerSecond = await measure(engine, model, roundMs);
      results.push({
        model: name,
        engine: engine.name,
        samplesPerSecond: Math.round(samplesPerSecond),
        gflops: Math.round((samplesPerSecond * model.flopsPerSample) / 1e8) / 10,
      });
    }
  }
  return { results };
}

async function measure(engine: Engine, model: LayersModel, roundMs: number): Promise<number> {
  const trainer = await engine.open(model, {
    optimizer: { kind: "sgd", learningRate: 0.01, momentum: 0 },
    batchSize: BATCH_SIZE,
  });
  trainer.load(initialParameters(model, new Uint8Array(SEED_BYTES)));
  const random = new Random(new Uint8Array(SEED_BYTES));
  const inputs = Float32Array.from({ length: BATCH_SIZE * model.inputSize }, () =>
    random.uniform(),
  );
  const labels = Int32Array.from({ length: BATCH_SIZE }, () => random.below(model.classes));
  for (let step = 0; step < WARM_UP_STEPS; step++) trainer.step(inputs, labels, BATCH_SIZE, step);

  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let samples = 0;
    let elapsed = 0;
    while (elapsed < roundMs) {
      trainer.step(inputs, labels, BATCH_SIZE, samples);
      samples += BATCH_SIZE;
      elapsed = performance.now() - start;
    }
    best = Math.max(best, (samples * 1_000) / elapsed);
  }
  trainer.dispose();
  return best;
}
