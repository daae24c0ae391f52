/** The Fashion-MNIST that ships with the project, and the facts that its files do not contain. */
import { readFile } from "node:fs/promises";
import type { DatasetSource } from "../../ml/dataset/build.ts";
import { importIdx } from "../../ml/dataset/import-idx.ts";

const FOLDER = "datasets/fashion-mnist";
const CLASSES = [
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
];

export async function fashionMnist(): Promise<DatasetSource> {
  const read = (name: string): Promise<Uint8Array> => readFile(`${FOLDER}/${name}.gz`);
  const files = {
    images: await read("train-images-idx3-ubyte"),
    labels: await read("train-labels-idx1-ubyte"),
    testImages: await read("t10k-images-idx3-ubyte"),
    testLabels: await read("t10k-labels-idx1-ubyte"),
  };
  return importIdx(files, {
    name: "fashion-mnist",
    licence: "MIT",
    source: "https://github.com/zalandoresearch/fashion-mnist",
    classes: CLASSES,
  });
}
