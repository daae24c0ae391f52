/** Dropout, seeded by the step. */

import type { LayerReader } from "./layer-reader.ts";

export const readDropout: LayerReader = (config, input, program) => {
  if (config.get("noise_shape") !== undefined) throw config.needsTfjs("it has a noise shape");
  const rate = config.fraction("rate", 0, 1);
  if (rate === 0) return input;
  return program.add(config, [input], input.shape, { kind: "dropout", rate });
};
