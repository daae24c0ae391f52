/**
 * Joins a relu to the dense or convolution layer before it, whose kernel then applies it. If a max pooling follows a
 * relu, the pooling applies the gradient mask of the relu, which takes a quarter of the work. Neither changes a bit of
 * the result.
 */

import { MODEL_INPUT, type ProgramLayer } from "../model/program.ts";

export interface Operation {
  readonly layer: ProgramLayer;
  /** Indexes of operations, or MODEL_INPUT. */
  readonly inputs: readonly number[];
  /** This operation includes a relu. */
  readonly relu: boolean;
  /** This operation is a relu or includes one, and the next pooling applies its mask. */
  readonly maskedByPool: boolean;
  /** This max pooling applies the mask of the relu before it. */
  readonly afterRelu: boolean;
}

export function fuse(layers: readonly ProgramLayer[]): readonly Operation[] {
  const users = layers.map((_, index) => layers.filter(({ inputs }) => inputs.includes(index)));
  const isRelu = (layer: ProgramLayer | undefined): boolean =>
    layer?.kind === "activation" && layer.activation === "relu";
  const onlyUser = (index: number): ProgramLayer | undefined => {
    const [user, ...more] = users[index] ?? [];
    return more.length === 0 ? user : undefined;
  };
  const operations: Operation[] = [];
  /** The operation that computes each layer's output. */
  const made: number[] = [];
  layers.forEach((layer, index) => {
    const [input = MODEL_INPUT] = layer.inputs;
    const before = layers[input];
    if (isRelu(layer) && isJoinable(before) && onlyUser(input) === layer) {
      made.push(made[input] ?? MODEL_INPUT);
      return;
    }
    const user = onlyUser(index);
    const relu = isJoinable(layer) && isRelu(user);
    const masked = relu && user !== undefined ? layers.indexOf(user) : index;
    const reluHere = relu || isRelu(layer);
    operations.push({
      layer,
      inputs: layer.inputs.map((from) => made[from] ?? MODEL_INPUT),
      relu,
      maskedByPool: reluHere && onlyUser(masked)?.kind === "maxPool2d",
      afterRelu: layer.kind === "maxPool2d" && isRelu(before) && onlyUser(input) === layer,
    });
    made.push(operations.length - 1);
  });
  return operations;
}

function isJoinable(layer: ProgramLayer | undefined): boolean {
  return layer?.kind === "dense" || layer?.kind === "conv2d";
}
