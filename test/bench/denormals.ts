/**
 * What a client gains by feeding the exact engine with denormal numbers: processors take longer for them, and the
 * engine keeps them, as its rules demand. The slowest of several ways to make them, as a ratio to ordinary numbers
 * in the same run; the fastest of several rounds each.
 */
import type { Engine, Trainer } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { presetModel } from "../../ml/model/presets.ts";
import { Random, SEED_BYTES } from "../../ml/random.ts";
import type { BenchOptions } from "./main.ts";

const MODELS = ["mlp", "2nn", "lenet"] as const;
const INPUT = { inputShape: [28, 28, 1], classes: 10 };
const BATCH_SIZE = 32;
/** Scales of inputs and weights; the products of 1e-20 and 1e-20 are denormal, and so is 1e-39. */
const SCALES = [
  [1e-39, 1],
  [1, 1e-39],
  [1e-20, 1e-20],
  [1e-39, 1e-39],
] as const;
const MOMENTA = [0, 0.9] as const;

export interface DenormalResult {
  readonly model: string;
  readonly ordinaryMs: number;
  /** Of the slowest inputs and weights that were tried. */
  readonly slowestMs: number;
  readonly ratio: number;
}

export async function bench({ quick }: BenchOptions): Promise<{ results: DenormalResult[] }> {
  const engine = await createExactEngine();
  const results: DenormalResult[] = [];
  for (const model of MODELS) results.push(await measure(engine, model, quick ? 3 : 10));
  return { results };
}

async function measure(
  engine: Engine,
  name: (typeof MODELS)[number],
  rounds: number,
): Promise<DenormalResult> {
  let [ordinaryMs, slowestMs] = [Number.POSITIVE_INFINITY, 0];
  for (const momentum of MOMENTA) {
    ordinaryMs = Math.min(
      ordinaryMs,
      await stepMs(engine, { name, momentum, scale: [1, 1] }, rounds),
    );
    for (const scale of SCALES) {
      slowestMs = Math.max(slowestMs, await stepMs(engine, { name, momentum, scale }, rounds));
    }
  }
  const ratio = rounded(slowestMs / ordinaryMs);
  return { model: name, ordinaryMs: rounded(ordinaryMs), slowestMs: rounded(slowestMs), ratio };
}

interface Setting {
  readonly name: (typeof MODELS)[number];
  readonly momentum: number;
  readonly scale: readonly [inputs: number, weights: number];
}

/** Processor time of one step. */
async function stepMs(
  engine: Engine,
  { name, momentum, scale: [ofInputs, ofWeights] }: Setting,
  rounds: number,
): Promise<number> {
  const model = parseLayersModel(presetModel(name, INPUT));
  // So small a rate leaves the weights where they are.
  const optimizer = { kind: "sgd", learningRate: 1e-6, momentum } as const;
  const trainer = await engine.open(model, { optimizer, batchSize: BATCH_SIZE });
  trainer.load(initialParameters(model, new Uint8Array(SEED_BYTES)).map((w) => w * ofWeights));
  const random = new Random(new Uint8Array(SEED_BYTES));
  const inputs = Float32Array.from(
    { length: BATCH_SIZE * model.inputSize },
    () => (random.uniform() + 0.1) * ofInputs,
  );
  const labels = Int32Array.from({ length: BATCH_SIZE }, () => random.below(model.classes));
  const best = fastest(trainer, { inputs, labels }, rounds);
  trainer.dispose();
  return best;
}

function fastest(
  trainer: Trainer,
  { inputs, labels }: { inputs: Float32Array; labels: Int32Array },
  rounds: number,
): number {
  const steps = 10;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round++) {
    const start = process.cpuUsage();
    for (let index = 0; index < steps; index++) trainer.step(inputs, labels, BATCH_SIZE, index);
    const { user, system } = process.cpuUsage(start);
    // The first round warms up.
    if (round > 0) best = Math.min(best, (user + system) / 1_000 / steps);
  }
  return best;
}

function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
