/** Sum and concatenation of several inputs. */

import type { AddLayer, ConcatenateLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

/** From left to right. */
export function planAdd(
  { size }: AddLayer,
  { arena, batchSize, inputs, input }: PlanContext,
): LayerPlan {
  const output = arena.reserve(batchSize * size);
  return {
    output,
    scratch: 0,
    reads: "nothing",
    forward:
      ({ kernels }) =>
      (count) => {
        kernels.copyRows(input, 0, output, 0, 1, count * size * 4);
        for (let index = 1; index < inputs.length; index++) {
          kernels.addInto(inputs[index] ?? 0, output, count * size);
        }
      },
    backward:
      ({ kernels }, dOutput, dInputs) =>
      (count) => {
        for (const dInput of dInputs) {
          if (dInput !== 0) kernels.copyRows(dOutput, 0, dInput, 0, 1, count * size * 4);
        }
      },
  };
}

export function planConcatenate(
  { size, rows, parts }: ConcatenateLayer,
  { arena, batchSize, inputs }: PlanContext,
): LayerPlan {
  const output = arena.reserve(batchSize * size);
  const rowBytes = (size / rows) * 4;
  let start = 0;
  const runs = parts.map((part, index) => {
    const run = { input: inputs[index] ?? 0, start, bytes: part * 4 };
    start += run.bytes;
    return run;
  });
  return {
    output,
    scratch: 0,
    reads: "nothing",
    forward:
      ({ kernels }) =>
      (count) => {
        for (const { input, start: at, bytes } of runs) {
          kernels.copyRows(input, bytes, output + at, rowBytes, count * rows, bytes);
        }
      },
    backward:
      ({ kernels }, dOutput, dInputs) =>
      (count) => {
        for (let index = 0; index < runs.length; index++) {
          const { start: at = 0, bytes = 0 } = runs[index] ?? {};
          const dInput = dInputs[index] ?? 0;
          if (dInput === 0) continue;
          kernels.copyRows(dOutput + at, rowBytes, dInput, bytes, count * rows, bytes);
        }
      },
  };
}
