/** Layers of several inputs: sum and concatenation. */

import { volume } from "../program-builder.ts";
import type { LayerReader } from "./layer-reader.ts";

export const readAdd: LayerReader = (config, { shape }, program, inputs) => {
  if (inputs.length < 2) throw config.bad("inputs", "must be at least two");
  if (inputs.some((input) => String(input.shape) !== String(shape))) {
    throw config.needsTfjs("its inputs differ in shape");
  }
  return program.add(config, inputs, shape, { kind: "add" });
};

export const readConcatenate: LayerReader = (config, { shape }, program, inputs) => {
  if (inputs.length < 2) throw config.bad("inputs", "must be at least two");
  const given = config.get("axis") ?? -1;
  // Axis 0 is the batch.
  const axis = typeof given !== "number" ? -1 : given < 0 ? shape.length + given : given - 1;
  const size = shape[axis];
  if (!Number.isInteger(axis) || size === undefined) {
    throw config.bad("axis", "must be a dimension of the inputs after the batch");
  }
  const others = (of: readonly number[]): string => String(of.with(axis, 0));
  if (inputs.some((input) => input.shape.length !== shape.length)) {
    throw config.bad("inputs", "must have equally many dimensions");
  }
  if (inputs.some((input) => others(input.shape) !== others(shape))) {
    throw config.bad("inputs", `must be equal in all dimensions but axis ${given}`);
  }
  const total = inputs.reduce((sum, input) => sum + (input.shape[axis] ?? 0), 0);
  return program.add(config, inputs, shape.with(axis, total), {
    kind: "concatenate",
    rows: volume(shape.slice(0, axis)),
    parts: inputs.map((input) => volume(input.shape.slice(axis))),
  });
};
