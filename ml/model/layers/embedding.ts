/** Embedding of whole-number inputs. */

import { isPlainArray } from "../plain-json.ts";
import { MODEL_INPUT } from "../program.ts";
import { type LayerReader, refuseExtras } from "./layer-reader.ts";

export const readEmbedding: LayerReader = (config, input, program) => {
  refuseExtras(config);
  if (config.boolean("mask_zero", false)) throw config.needsTfjs("it masks zeros");
  if (input.layer !== MODEL_INPUT || input.shape.length !== 1) {
    throw config.needsTfjs("its input is not the model's own row of numbers");
  }
  const [length = 1] = input.shape;
  const given = config.get("input_length");
  const said = isPlainArray(given) && given.length === 1 ? given[0] : given;
  if (said !== undefined && said !== length) {
    throw config.bad("input_length", `must be ${length}, the length of its input, or absent`);
  }
  const vocabulary = config.size("input_dim");
  const width = config.size("output_dim");
  const table = program.parameter(config, "embeddings", [vocabulary, width], {
    initializer: ["embeddings_initializer", "randomUniform"],
  });
  return program.add(config, [input], [length, width], {
    kind: "embedding",
    length,
    vocabulary,
    width,
    table,
  });
};
