/**
 * Short training runs that between them reach every kernel: each test model once, and one model under
 * every optimizer and loss. Also runs in a browser.
 */
import type { Engine, Targets, Trainer } from "../../ml/engine.ts";
import type { Hyperparameters, Loss, Optimizer } from "../../ml/hyperparameters.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../../ml/model/layers-model.ts";
import { Random } from "../../ml/random.ts";
import {
  BEYOND_TFJS,
  batchOf,
  dropoutModel,
  layer,
  seedOf,
  sequential,
  TEST_MODELS,
} from "./models.ts";

export const BATCH_SIZE = 10;
/** Full batch, odd tail, one sample, all but one. */
export const COUNTS: readonly number[] = [BATCH_SIZE, 7, 1, BATCH_SIZE - 1];

export interface ExactCase {
  readonly name: string;
  readonly modelOf: () => LayersModel;
  readonly hyperparameters: Hyperparameters;
  /** Values wanted of every output instead of class indexes. */
  readonly values?: "any" | "zeroToOne" | "distribution";
}

const MOMENTUM: Optimizer = { kind: "sgd", learningRate: 0.1, momentum: 0.9 };

export const LAYER_CASES: readonly ExactCase[] = Object.entries({
  ...TEST_MODELS,
  ...BEYOND_TFJS,
  dropout: dropoutModel,
}).map(([name, modelOf]) => ({
  name,
  modelOf,
  hyperparameters: { optimizer: MOMENTUM, batchSize: BATCH_SIZE },
}));

/** Dense, an odd width, a normalisation with statistics, and the ending that the loss needs. */
function mixedModel(units: number, activation: string): LayersModel {
  return parseLayersModel(
    sequential(
      layer("Dense", "first", { batch_input_shape: [null, 7], units: 11, use_bias: false }),
      layer("BatchNormalization", "norm", { momentum: 0.8 }),
      layer("Activation", "bend", { activation: "tanh" }),
      layer("Dense", "output", { units, activation }),
    ),
  );
}

const optimizers: Readonly<Record<string, Optimizer>> = {
  "plain sgd": { kind: "sgd", learningRate: 0.1, momentum: 0 },
  "sgd, decay and clipped values": { ...MOMENTUM, weightDecay: 0.1, clipValue: 0.01 },
  adam: { kind: "adam", learningRate: 0.01 },
  "adam, decay and clipped norm": {
    kind: "adam",
    learningRate: 0.01,
    beta1: 0.8,
    beta2: 0.99,
    epsilon: 1e-4,
    weightDecay: 0.2,
    clipNorm: 0.05,
  },
  adagrad: { kind: "adagrad", learningRate: 0.1 },
  "adagrad, clipped both ways": {
    kind: "adagrad",
    learningRate: 0.1,
    initialAccumulator: 0.01,
    epsilon: 1e-3,
    clipValue: 0.02,
    clipNorm: 0.05,
  },
};

const losses: readonly (readonly [Loss, number, string, ExactCase["values"]?])[] = [
  ["categoricalCrossentropy", 3, "softmax"],
  ["categoricalCrossentropy", 3, "softmax", "distribution"],
  ["binaryCrossentropy", 1, "sigmoid"],
  ["binaryCrossentropy", 3, "sigmoid", "zeroToOne"],
  ["meanSquaredError", 3, "softmax"],
  ["meanSquaredError", 2, "linear", "any"],
  ["meanAbsoluteError", 3, "sigmoid", "any"],
  ["huber", 3, "linear", "any"],
];

export const TRAINING_CASES: readonly ExactCase[] = [
  ...Object.entries(optimizers).map(([name, optimizer]) => ({
    name,
    modelOf: () => mixedModel(3, "softmax"),
    hyperparameters: { optimizer, batchSize: BATCH_SIZE },
  })),
  ...losses.map(([loss, units, activation, values]) => ({
    name: `${loss} over ${units} ${activation}, ${values ?? "labels"}`,
    modelOf: () => mixedModel(units, activation),
    hyperparameters: { optimizer: MOMENTUM, batchSize: BATCH_SIZE, loss },
    ...(values && { values }),
  })),
];

/** Every optimizer with every loss. */
export const PAIR_CASES: readonly ExactCase[] = Object.entries(optimizers).flatMap(
  ([name, optimizer]) =>
    losses.map(([loss, units, activation, values]) => ({
      name: `${name}, ${loss} over ${units} ${activation}, ${values ?? "labels"}`,
      modelOf: () => mixedModel(units, activation),
      hyperparameters: { optimizer, batchSize: BATCH_SIZE, loss },
      ...(values && { values }),
    })),
);

export const EXACT_CASES: readonly ExactCase[] = [...LAYER_CASES, ...TRAINING_CASES];

export interface CaseBatch {
  readonly inputs: Float32Array;
  readonly targets: Targets;
}

/** `count` samples of one step. */
export function caseBatch({ values }: ExactCase, model: LayersModel, step: number): CaseBatch {
  const { inputs, labels } = batchOf(model, BATCH_SIZE, step);
  if (values === undefined) return { inputs, targets: labels };
  const random = new Random(seedOf(100 + step));
  const { outputSize } = model;
  const targets = Float32Array.from({ length: BATCH_SIZE * outputSize }, () => random.uniform());
  if (values === "any") return { inputs, targets: targets.map((value) => 4 * value - 2) };
  if (values === "zeroToOne") return { inputs, targets };
  // Eighths that add up to one.
  const row = [0.125, 0.25, 0.625];
  const shares = targets.map((_, i) => row[(i + Math.floor(i / outputSize)) % outputSize] ?? 0);
  return { inputs, targets: shares };
}

/** Runs the steps of a case. @returns every loss, then the state it ends in */
export async function runCase(engine: Engine, exactCase: ExactCase): Promise<Float32Array> {
  const model = exactCase.modelOf();
  const trainer = await engine.open(model, exactCase.hyperparameters);
  trainer.load(initialParameters(model, seedOf(3)));
  const losses = COUNTS.map((count, step) => stepOf(trainer, exactCase, model, count, step));
  const { inputs, targets } = caseBatch(exactCase, model, 9);
  const { lossSum, confusion } = trainer.evaluate(inputs, targets, BATCH_SIZE);
  const state = [...trainer.parameters(), ...trainer.optimizerState()];
  trainer.dispose();
  return Float32Array.of(...losses, lossSum, ...confusion, ...state);
}

export function stepOf(
  trainer: Pick<Trainer, "step">,
  exactCase: ExactCase,
  model: LayersModel,
  count: number,
  step: number,
): number {
  const { inputs, targets } = caseBatch(exactCase, model, step);
  return trainer.step(inputs, targets, count, step * 77);
}

/** SHA-256 of what each case ends in, by its name. */
export async function caseHashes(engine: Engine): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const exactCase of EXACT_CASES) {
    const values = await runCase(engine, exactCase);
    const digest = await crypto.subtle.digest("SHA-256", values.buffer as ArrayBuffer);
    hashes[exactCase.name] = Array.from(new Uint8Array(digest), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  }
  return hashes;
}
