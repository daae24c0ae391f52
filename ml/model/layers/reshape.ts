/** Layers that only rename dimensions: no work, no trace in the program. */

import { isPlainArray } from "../plain-json.ts";
import { volume } from "../program-builder.ts";
import type { LayerReader } from "./layer-reader.ts";

export const readFlatten: LayerReader = (_config, { layer, shape }) => ({
  layer,
  shape: [volume(shape)],
});

export const readReshape: LayerReader = (config, { layer, shape }) => {
  const target = config.get("target_shape");
  const wanted = isPlainArray(target) ? target : [];
  const known = wanted.map((size) => {
    if (typeof size === "number" && Number.isInteger(size) && (size >= 1 || size === -1))
      return size;
    throw config.bad("target_shape", "must hold whole numbers of at least 1, or one -1");
  });
  const total = volume(shape);
  const rest = volume(known.filter((size) => size !== -1));
  const free = known.filter((size) => size === -1).length;
  const fits = free === 0 ? rest === total : free === 1 && total % rest === 0;
  if (known.length === 0 || known.length > 4 || !fits) {
    throw config.bad("target_shape", `does not hold the ${total} values of its input`);
  }
  return { layer, shape: known.map((size) => (size === -1 ? total / rest : size)) };
};
