/** Finds the four files of MNIST and its successors in a directory, by their usual names. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

export interface IdxFiles {
  images?: string;
  labels?: string;
  testImages?: string;
  testLabels?: string;
}

/** Paths of what is there, plain or gzip. */
export async function findIdxFiles(directory: string): Promise<IdxFiles> {
  const found: IdxFiles = {};
  for (const name of await readdir(directory)) {
    const match = /^(train|t10k|test)-(images|labels)[-.]idx\d-ubyte(\.gz)?$/.exec(name);
    if (match === null) continue;
    const isTest = match[1] !== "train";
    const part = match[2] === "images" ? "images" : "labels";
    const field = isTest ? (part === "images" ? "testImages" : "testLabels") : part;
    found[field] = join(directory, name);
  }
  return found;
}
