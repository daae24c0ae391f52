/**
 * Collects what the layer readers write: the program layers, the parameter layout and the count of multiply-adds,
 * within limits.
 */

import { fansOf, type Initializer, readInitializer } from "./initializers.ts";
import type { LayerConfig } from "./layer-config.ts";
import { ModelError } from "./model-error.ts";
import type { ParameterSlot, ProgramLayer } from "./program.ts";

export const MAX_PARAMETERS = 50_000_000;
/** Values of one activation of one sample. */
export const MAX_ACTIVATION = 2 ** 24;

/** An output: the layer that makes it, and its shape for one sample. */
export interface Tensor {
  readonly layer: number;
  readonly shape: readonly number[];
}

/** Distributes over the union, so that each kind keeps its own fields. */
type WithoutBase<T> = T extends unknown ? Omit<T, "inputs" | "size" | "name"> : never;
export type NewLayer = WithoutBase<ProgramLayer>;

export interface ParameterOptions {
  /** Field of the initializer, and the initializer to use when the field is absent. */
  readonly initializer: readonly [field: string, fallback: string];
  readonly trainable?: boolean;
  readonly groups?: readonly number[];
  /** Replaces what the config says. */
  readonly start?: Initializer;
}

export class ProgramBuilder {
  readonly layers: ProgramLayer[] = [];
  readonly parameters: ParameterSlot[] = [];
  #parameterCount = 0;
  /** Multiply-adds per sample of the forward pass. */
  #multiplyAdds = 0;
  #firstMultiplyAdds = 0;

  get parameterCount(): number {
    return this.#parameterCount;
  }

  /**
   * Forward pass, weight gradient and input gradient cost the same; the first layer with weights needs no input
   * gradient.
   */
  get flopsPerSample(): number {
    return 6 * this.#multiplyAdds - 2 * this.#firstMultiplyAdds;
  }

  /** @throws ModelError TOO_LARGE */
  add(
    config: LayerConfig,
    inputs: readonly Tensor[],
    shape: readonly number[],
    layer: NewLayer,
  ): Tensor {
    const size = checkActivation(shape);
    const base = { name: config.layer, inputs: inputs.map((input) => input.layer), size };
    this.layers.push({ ...layer, ...base } as ProgramLayer);
    return { layer: this.layers.length - 1, shape };
  }

  /** @returns the offset of `layer/part` in the flat vector. @throws ModelError TOO_LARGE, BAD_CONFIG */
  parameter(
    config: LayerConfig,
    part: string,
    shape: readonly number[],
    { initializer: [field, fallback], trainable = true, groups, start }: ParameterOptions,
  ): number {
    const offset = this.#parameterCount;
    const size = volume(shape);
    this.#parameterCount += size;
    if (this.#parameterCount > MAX_PARAMETERS) {
      throw tooLarge("parameters", MAX_PARAMETERS, this.#parameterCount);
    }
    this.parameters.push({
      name: `${config.layer}/${part}`,
      shape,
      offset,
      size,
      initializer: start ?? readInitializer(config, field, fallback, fansOf(shape)),
      trainable,
      ...(groups && { groups }),
    });
    return offset;
  }

  /** The biases of a layer, or null if its config turns them off. */
  bias(config: LayerConfig, size: number, start?: Initializer): number | null {
    if (!config.boolean("use_bias", true)) return null;
    const initializer = ["bias_initializer", "zeros"] as const;
    return this.parameter(config, "bias", [size], { initializer, ...(start && { start }) });
  }

  count(multiplyAdds: number): void {
    if (this.#multiplyAdds === 0) this.#firstMultiplyAdds = multiplyAdds;
    this.#multiplyAdds += multiplyAdds;
  }
}

export function volume(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * @returns the number of values of one sample.
 * @throws ModelError TOO_LARGE
 */
export function checkActivation(shape: readonly number[]): number {
  const size = volume(shape);
  if (size > MAX_ACTIVATION) throw tooLarge("values per sample", MAX_ACTIVATION, size);
  return size;
}

export function tooLarge(what: string, limit: number, actual: number): ModelError {
  return new ModelError(
    `the model has ${actual} ${what}, the limit is ${limit}`,
    { code: "TOO_LARGE", what, limit, actual },
    { remedy: "send a smaller model" },
  );
}
