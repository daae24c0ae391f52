/**
 * What a tfjs layer costs for one sample, forward and backward, besides the operations that every value costs
 * (ml/model/operations.ts). The count follows from class, config (in camel case, as tfjs writes it) and shapes alone,
 * so every node gets the same number.
 */
import { isPlainObject, type PlainObject } from "../model/plain-json.ts";

/** A layer, or a layer that another one wraps. */
export interface LayerFacts {
  readonly className: string;
  readonly config: PlainObject;
  /** With the batch dimension; the first input if there are several. */
  readonly inputShape: readonly unknown[];
  readonly outputShape: readonly unknown[];
}

/** Two operations for each product, in three passes. */
const PRODUCT_OPERATIONS = 6;
/** One operation for each value under a window, in three passes. */
const WINDOW_OPERATIONS = 3;
const DEFAULT_WINDOW = 2;

/**
 * @param size number of values in one of its weights
 * @param rank dimensions of that weight
 */
export function weightOperations(layer: LayerFacts, size: number, rank: number): number {
  return rank < 2 ? 0 : PRODUCT_OPERATIONS * size * usesOf(layer);
}

/** The operations that use no weights: windows of pooling, products of two inputs. */
export function plainOperations(layer: LayerFacts): number {
  const inner = wrapped(layer);
  if (inner !== undefined) return repeats(layer) * plainOperations(inner);
  const { className, config, inputShape, outputShape } = layer;
  const outputs = volume(outputShape.slice(1));
  if (/^(Max|Average)Pooling[123]D$/.test(className)) {
    return WINDOW_OPERATIONS * outputs * windowOf(config, className);
  }
  // The axis that both inputs share is no longer than the longest axis of the first one.
  if (className === "Dot") return PRODUCT_OPERATIONS * outputs * longest(inputShape.slice(1));
  return 0;
}

/** How many times each value of a weight is used for one sample. */
function usesOf(layer: LayerFacts): number {
  const inner = wrapped(layer);
  if (inner !== undefined) return repeats(layer) * usesOf(inner);
  const { className, inputShape, outputShape } = layer;
  if (/LSTM|GRU|RNN/.test(className)) return side(inputShape[1]);
  // An embedding looks up rows and multiplies nothing.
  if (className === "Embedding") return 0;
  const positions = className.endsWith("Transpose") ? inputShape : outputShape;
  return volume(positions.slice(1, -1));
}

/** The layer that this one applies, at one repetition. */
function wrapped({
  className,
  config,
  inputShape,
  outputShape,
}: LayerFacts): LayerFacts | undefined {
  const { layer } = config;
  if (!isPlainObject(layer) || !isPlainObject(layer.config)) return undefined;
  const at = (shape: readonly unknown[]): readonly unknown[] =>
    className === "TimeDistributed" ? [shape[0], ...shape.slice(2)] : shape;
  return {
    className: String(layer.className),
    config: layer.config,
    inputShape: at(inputShape),
    outputShape: at(outputShape),
  };
}

function repeats({ className, inputShape }: LayerFacts): number {
  return className === "TimeDistributed" ? side(inputShape[1]) : 1;
}

function windowOf({ poolSize: window }: PlainObject, className: string): number {
  const sides = Number(className.at(-2));
  const given = Array.isArray(window) ? window : Array<unknown>(sides).fill(window);
  return given.reduce<number>((product, value) => product * (Number(value) || DEFAULT_WINDOW), 1);
}

function volume(sides: readonly unknown[]): number {
  return sides.reduce<number>((product, value) => product * side(value), 1);
}

function longest(sides: readonly unknown[]): number {
  return sides.reduce<number>((most, value) => Math.max(most, side(value)), 1);
}

/** An unknown dimension counts as one. */
function side(value: unknown): number {
  return Number(value) || 1;
}
