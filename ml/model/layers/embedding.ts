/** Embedding of whole-number inputs. */

import { MODEL_INPUT } from "../program.ts";
import { type LayerReader, refuseExtras } from "./layer-reader.ts";

export const readEmbedding: LayerReader = (config, input, program) => {
  refuseExtras(config);
  if (config.get("mask_zero") === true) throw config.needsTfjs("it masks zeros");
  if (input.layer !== MODEL_INPUT || input.shape.length !== 1) {
    throw config.needsTfjs("its input is not the model's own row of numbers");
  }
  const [length = 1] = input.shape;
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
