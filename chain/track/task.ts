/**
 * The versions of the open track's task: ml/track/ runs them; this file limits and prices the choices of a node. A
 * change of a number makes another version, and the nodes vote on when to change to it.
 */
import type { Recipe } from "../types/track.ts";

export interface TrackTask {
  /** Values of a row. */
  readonly inputs: number;
  readonly classes: number;
  /** Patterns of one class; a row shows one of them. */
  readonly modes: number;
  /** Amplitude of the noise, as a multiple of the amplitude of a pattern. */
  readonly noise: number;
  readonly trainRows: number;
  /** Equally many of every class. */
  readonly testRows: number;
  /** The largest cost of the training, in operations. */
  readonly budget: bigint;
  /** Macro F1 at which the quality is 1, millionths: the mean for the default recipe. */
  readonly reference: number;
  readonly recipe: Recipe;
}

/** By version from 1. Append only. */
const TASKS: readonly TrackTask[] = [
  {
    inputs: 64,
    classes: 10,
    modes: 8,
    noise: 2,
    trainRows: 4000,
    testRows: 2000,
    budget: 5_000_000_000n,
    reference: 617_000,
    recipe: { learningRate: 30_000, batchSize: 32, width: 128, epochs: 10 },
  },
];

export const TRACK_TASKS = TASKS.length;

/** Limits of a recipe's fields; the budget limits their product. */
const LIMITS = { learningRate: 10_000_000, batchSize: 1024, width: 1024, epochs: 1000 } as const;

/** @param version 1 to TRACK_TASKS */
export function trackTask(version: number): TrackTask {
  const task = TASKS[version - 1];
  if (task === undefined) throw new RangeError(`no track task ${version}`);
  return task;
}

/** The cost of a row and of a step besides their arithmetic, in operations; about what they take in time. */
const ROW_COST = 8000n;
const STEP_COST = 200_000n;

/**
 * The price of a training in operations: forward, weight gradient, and input gradient except that of the first layer;
 * and a flat part for every row and step. Without the flat part, a tiny model in tiny steps would be cheap by this
 * count, but slow to repeat.
 */
export function trainingCost({ inputs, classes, trainRows }: TrackTask, recipe: Recipe): bigint {
  const { width, epochs, batchSize } = recipe;
  const perRow = BigInt(2 * width * (2 * inputs + 3 * classes)) + ROW_COST;
  const steps = BigInt(Math.ceil(trainRows / batchSize)) * STEP_COST;
  return (perRow * BigInt(trainRows) + steps) * BigInt(epochs);
}

/** @returns what is wrong with a recipe; undefined when it may be run */
export function recipeFault(
  task: TrackTask,
  recipe: Recipe,
): { readonly field: string; readonly reason: string } | undefined {
  for (const [name, most] of Object.entries(LIMITS)) {
    const value = recipe[name as keyof Recipe];
    if (value < 1 || value > most) {
      return { field: `recipe.${name}`, reason: `must be from 1 to ${most}, got ${value}` };
    }
  }
  const cost = trainingCost(task, recipe);
  if (cost <= task.budget) return undefined;
  return { field: "recipe", reason: `costs ${cost} operations of at most ${task.budget}` };
}
