import type { EmbeddingLayer } from "../../../ml/model/program.ts";
import { at, type LayerReferee, type RefereeContext } from "./layer-referee.ts";
import { f } from "./math.ts";

export function embedding(layer: EmbeddingLayer, context: RefereeContext): LayerReferee {
  const { vocabulary, width, table } = layer;
  const { parameters, gradients } = context;
  let rows: number[] = [];
  return {
    forward([x = new Float32Array(0)]) {
      rows = [...x].map((value) => (value >= 1 ? Math.min(Math.trunc(value), vocabulary - 1) : 0));
      return Float32Array.from({ length: rows.length * width }, (_, i) => {
        return at(parameters, table + (rows[Math.floor(i / width)] ?? 0) * width + (i % width));
      });
    },
    backward(d) {
      d.forEach((value, i) => {
        const k = table + (rows[Math.floor(i / width)] ?? 0) * width + (i % width);
        gradients[k] = f(at(gradients, k) + value);
      });
      return [];
    },
  };
}
