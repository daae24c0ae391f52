/** Embedding: rows of a table by whole-number inputs, which have no gradient. */

import type { EmbeddingLayer } from "../../model/program.ts";
import { roundUp } from "../panels.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

export function planEmbedding(
  { size, length, vocabulary, width, ...layer }: EmbeddingLayer,
  { arena, batchSize, input, weight }: PlanContext,
): LayerPlan {
  const table = weight(layer.table);
  const output = arena.reserve(batchSize * size);
  const tableSize = vocabulary * roundUp(width, 8);
  return {
    output,
    scratch: 0,
    reads: "nothing",
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.embeddingForward(input, count * length, table.value, vocabulary, width, output),
    backward:
      ({ kernels }, d) =>
      (count) => {
        const n = count * length;
        kernels.embeddingBackward(input, n, d, vocabulary, width, table.gradient, tableSize);
      },
  };
}
