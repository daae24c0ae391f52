/** Facts that the Fashion-MNIST files do not contain: names, licence and source (datasets/fashion-mnist). */
import type { IdxInfo } from "./import-idx.ts";

export const FASHION_MNIST: IdxInfo = {
  name: "fashion-mnist",
  licence: "MIT",
  source: "https://github.com/zalandoresearch/fashion-mnist",
  classes: [
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
  ],
};
