/**
 * What a layer of tfjs costs for one sample, forward and backward, besides the operations that every value costs
 * (ml/model/operations.ts). It is counted from class, config (in camel case, as tfjs writes it) and shapes alone, so
 * everybody comes to the same number.
 */
import { isPlainObject, type PlainObject } from "../model/plain-json.ts";

/** A layer, or one that another wraps. */
export interface LayerFacts {
  readonly className: string;
  readonly config: PlainObject;
  /** With the batch dimension; of several inputs the first. */
  readonly inputShape: readonly unknown[];
  readonly outputShape: readonly unknown[];
}

/** Two operations for each product, in three passes. */
const PRODUCT_OPERATIONS = 6;
/** One operation for each value under a window, in three passes. */
const WINDOW_OPERATIONS = 3;
const DEFAULT_WINDOW = 2;

/** @param size values of one of its weights @param rank dimensions of that weight */
export function weightOperations(layer: LayerFacts, size: number, rank: number): number {
  return rank < 2 ? 0 : PRODUCT_OPERATIONS * size * usesOf(layer);
}

/** What it computes without weights: windows of pooling, products of two inputs. */
export function plainOperations(layer: LayerFacts): number {
  const inner = wrapped(layer);
  if (inner !== undefined) return repeats(layer) * plainOperations(inner);
  const { className, config, inputShape, outputShape } = layer;
  const outputs = volume(outputShape.slice(1));
  if (/^(Max|Average)Pooling[123]D$/.test(className)) {
    return WINDOW_OPERATIONS * outputs * windowOf(config, className);
  }
  // The axis that both inputs share is no longer than the longest of the first.
  if (className === "Dot") return PRODUCT_OPERATIONS * outputs * longest(inputShape.slice(1));
  return 0;
}

/** How often each value of a weight is used for one sample. */
function usesOf(layer: LayerFacts): number {
  const inner = wrapped(layer);
  if (inner !== undefined) return repeats(layer) * usesOf(inner);
  const { className, inputShape, outputShape } = layer;
  if (/LSTM|GRU|RNN/.test(className)) return side(inputShape[1]);
  // Rows of it are looked up, and multiplied by nothing.
  if (className === "Embedding") return 0;
  const positions = className.endsWith("Transpose") ? inputShape : outputShape;
  return volume(positions.slice(1, -1));
}

/** The layer that this one applies, at one of its repeats. */
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

/** Unknown dimensions count as one. */
function side(value: unknown): number {
  return Number(value) || 1;
}
