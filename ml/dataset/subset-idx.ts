/**
 * Makes the small Fashion-MNIST that ships in `datasets/`: a class-balanced, seeded choice of the
 * training images and the whole test set, as gzip IDX files.
 *
 *   node ml/dataset/subset-idx.ts /usr/share/datasets/fashion-mnist datasets/fashion-mnist 12000
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { taggedHash } from "../../chain/crypto/hash.ts";
import { decodeIdx, encodeIdx } from "./import-idx.ts";
import { balancedSubset } from "./order.ts";
import { selectRows } from "./rows.ts";

const IMAGES = "train-images-idx3-ubyte.gz";
const LABELS = "train-labels-idx1-ubyte.gz";
const TEST_FILES = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"] as const;

/** Reads the four files in `from` and writes the four in `to`; test files are copied byte for byte. */
async function makeSubset(from: string, to: string, count: number): Promise<void> {
  const images = decodeIdx("training images", gunzipSync(await readFile(join(from, IMAGES))));
  const labels = decodeIdx("training labels", gunzipSync(await readFile(join(from, LABELS))));
  const [rows = 0, ...shape] = images.dimensions;
  const all = {
    rowSize: images.values.length / rows,
    features: images.values,
    labels: Uint16Array.from(labels.values),
  };
  const chosen = balancedSubset(all.labels, count, taggedHash("poml/subset/v1"));
  const subset = selectRows(all, chosen);
  await mkdir(to, { recursive: true });
  const pixels = encodeIdx({
    dimensions: [count, ...shape],
    values: Uint8Array.from(subset.features),
  });
  const classes = encodeIdx({ dimensions: [count], values: Uint8Array.from(subset.labels) });
  await writeFile(join(to, IMAGES), gzipSync(pixels, { level: 9 }));
  await writeFile(join(to, LABELS), gzipSync(classes, { level: 9 }));
  for (const file of TEST_FILES) await writeFile(join(to, file), await readFile(join(from, file)));
}

const [from, to, count] = process.argv.slice(2);
if (from === undefined || to === undefined || !(Number(count) > 0)) {
  throw new TypeError("usage: node ml/dataset/subset-idx.ts FROM TO ROWS");
}
await makeSubset(from, to, Number(count));
