/**
 * The model, the optimizer and the amount of training of an order that does not give them, chosen by the size and the
 * kind of the data. With these values, tables of 50 to 100,000 rows end about where a multilayer perceptron of
 * scikit-learn ends (`npm run bench -- tables`).
 */
import { ADAGRAD_DEFAULTS, ADAM_DEFAULTS, type Optimizer } from "../hyperparameters.ts";
import { isPresetName, type PresetName } from "../model/presets.ts";

export interface DataSize {
  /** Training rows. */
  readonly rows: number;
  /** Of one row: [columns], or [height, width, channels]. */
  readonly shape: readonly number[];
}

/** A preset, or the client's own model. */
export type PlannedModel = PresetName | "own";

export interface Run {
  readonly batchSize: number;
  readonly localEpochs: number;
  readonly rounds: number;
}

/** The convolutions halve an image twice. */
const MIN_IMAGE_SIDE = 8;

export function defaultPreset({ shape }: Pick<DataSize, "shape">): PresetName {
  const [height = 0, width = 0] = shape;
  return shape.length === 3 && Math.min(height, width) >= MIN_IMAGE_SIDE ? "lenet" : "mlp";
}

/** Adam's rate for the preset with one hidden layer; deeper models, and unknown ones, take smaller steps. */
const ADAM_RATES: Readonly<Record<PlannedModel, number>> = {
  mlp: 0.005,
  logistic: 0.01,
  "2nn": 0.001,
  lenet: 0.001,
  cnn: 0.001,
  own: 0.001,
};

/** Tables are small and noisy: a weight that no gradient supports decays slowly. */
const MLP_WEIGHT_DECAY = 0.1;

/** The optimizer of an order that names none. */
export function chosenOptimizer(model: PlannedModel): Optimizer {
  const optimizer = defaultOptimizer(model, "adam");
  return model === "mlp" ? { ...optimizer, weightDecay: MLP_WEIGHT_DECAY } : optimizer;
}

/** The settings that are left open in an order that names its optimizer. */
export function defaultOptimizer(model: PlannedModel, kind: Optimizer["kind"]): Optimizer {
  switch (kind) {
    case "sgd":
      return { kind, learningRate: 0.05, momentum: 0.9 };
    case "adam":
      return { kind, learningRate: ADAM_RATES[model], ...ADAM_DEFAULTS };
    case "adagrad":
      return { kind, learningRate: 0.01, ...ADAGRAD_DEFAULTS };
  }
}

/** Steps of one participant in the whole job: enough for a table, and not too many where there are few rows. */
const STEPS = 300;
/** Rows of a table are small, so more passes over them cost little. */
const MIN_EPOCHS = { table: 10, image: 5 } as const;
const MAX_EPOCHS = 100;
const ROUNDS = 10;
const MAX_LOCAL_EPOCHS = 100;
/** A participant's rows make at least so many batches, unless this would need a batch below the smallest size. */
const BATCHES_AN_EPOCH = 4;
const BATCH_SIZES = [16, 32, 64] as const;

/**
 * How much to train: about the same number of steps for any number of rows, in rounds that give every participant some
 * epochs of its own.
 * @param given what the order itself says
 */
export function defaultRun(
  { rows, shape }: DataSize,
  participants: number,
  given: { readonly [K in keyof Run]?: number | undefined } = {},
): Run {
  const share = Math.max(1, Math.floor(rows / participants));
  const batchSize =
    given.batchSize ??
    BATCH_SIZES.findLast((size) => size * BATCHES_AN_EPOCH <= share) ??
    BATCH_SIZES[0];
  const stepsAnEpoch = Math.ceil(share / batchSize);
  const wanted = Math.round(STEPS / stepsAnEpoch);
  const least = MIN_EPOCHS[shape.length === 1 ? "table" : "image"];
  const epochs = Math.min(MAX_EPOCHS, Math.max(least, wanted));
  const rounds =
    given.rounds ??
    (given.localEpochs === undefined
      ? Math.min(ROUNDS, epochs)
      : Math.max(1, Math.ceil(epochs / given.localEpochs)));
  const localEpochs =
    given.localEpochs ?? Math.min(MAX_LOCAL_EPOCHS, Math.max(1, Math.round(epochs / rounds)));
  return { batchSize, localEpochs, rounds };
}

/** With fewer rows than this, a participant has too little to learn from. */
const ROWS_EACH = 20;
const PARTICIPANTS = 4;

/** @param drawable nodes that can be drawn for work now */
export function defaultParticipants({ rows }: Pick<DataSize, "rows">, drawable: number): number {
  const fed = Math.max(1, Math.floor(rows / ROWS_EACH));
  return Math.min(PARTICIPANTS, fed, Math.max(1, drawable));
}

/** The plan for a model that a client named; any model that is no preset counts as the client's own. */
export function plannedModel(model: object): PlannedModel {
  const name = "preset" in model ? String(model.preset) : "";
  return isPresetName(name) ? name : "own";
}
