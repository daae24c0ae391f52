/** Layers that only rename dimensions: they cost nothing and do not appear in the program. */

import { isPlainArray } from "../plain-json.ts";
import { volume } from "../program-builder.ts";
import type { LayerReader } from "./layer-reader.ts";

export const readFlatten: LayerReader = (config, { layer, shape }) => {
  if (shape.length < 2) {
    throw config.bad("input", "is flat already, and tfjs refuses to flatten it: remove the layer");
  }
  const format = config.text("data_format", "channels_last");
  if (format !== "channels_last" && format !== "channelsLast") {
    throw config.needsTfjs("its data format is not channels_last");
  }
  return { layer, shape: [volume(shape)] };
};

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
  const sizes = known.map((size) => (size === -1 ? total / rest : size));
  if (free > 0) {
    throw config.bad(
      "target_shape",
      `must be [${sizes}]: tfjs forgets the size that -1 stands for`,
    );
  }
  return { layer, shape: sizes };
};
