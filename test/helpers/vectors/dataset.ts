/** docs/training.md, "Datasets": files, what a model reads from them, and the order of rows. */

import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { buildDataset, type Dataset, type DatasetSource } from "../../../ml/dataset/build.ts";
import { datasetId, encodeManifest } from "../../../ml/dataset/manifest.ts";
import { rowOrder } from "../../../ml/dataset/order.ts";
import type { Rows } from "../../../ml/dataset/rows.ts";
import { shardOfSplit } from "../shard-of-split.ts";

export function datasetVectors(): object {
  return {
    about:
      "manifest: its canonical text. inputs: binary32, little-endian, row after row. Bytes are hex.",
    datasets: [
      described(built({ dtype: "uint8", scale: 1 / 255, classes: 3 })),
      described(built({ dtype: "uint8", scale: 0.1, classes: 300 })),
      described(built({ dtype: "float32", scale: 1, classes: 2 })),
    ],
    orders: orders(),
  };
}

function built(options: { dtype: "uint8" | "float32"; scale: number; classes: number }): Dataset {
  const { dtype, scale, classes } = options;
  const rowSize = 4;
  const rows = (count: number, first: number): Rows => {
    const values = Array.from({ length: count * rowSize }, (_, at) => (first + 37 * at) % 256);
    return {
      rowSize,
      features:
        dtype === "uint8"
          ? Uint8Array.from(values)
          : Float32Array.from(values, (value) => (value - 100) / 7),
      labels: Uint16Array.from({ length: count }, (_, row) => (row * 101) % classes),
    };
  };
  const source: DatasetSource = {
    name: `${dtype} é`,
    licence: "none needed",
    source: "test/helpers/vectors/dataset.ts",
    scale,
    shape: [2, 2, 1],
    columns: [],
    classes: Array.from({ length: classes }, (_, index) => `c${index}`),
    train: rows(5, 1),
    test: rows(3, 255),
  };
  return buildDataset(source, { rowsPerChunk: 2, seed: sha256(Uint8Array.of(7)) });
}

function described(dataset: Dataset): object {
  const { manifest, chunks } = dataset;
  const split = (name: "train" | "test"): object => {
    const shard = shardOfSplit(dataset, name);
    const inputs = new Float32Array(shard.rows * shard.rowSize);
    const labels = new Int32Array(shard.rows);
    shard.batch(
      Uint32Array.from({ length: shard.rows }, (_, row) => row),
      inputs,
      labels,
    );
    return { inputs: toHex(bytesOfFloats(inputs)), labels: [...labels] };
  };
  return {
    manifest: new TextDecoder().decode(encodeManifest(manifest)),
    id: datasetId(manifest),
    files: Object.fromEntries(Array.from(chunks, ([file, bytes]) => [file, toHex(bytes)])),
    train: split("train"),
    test: split("test"),
  };
}

function orders(): object[] {
  const labels = Uint16Array.from({ length: 20 }, (_, row) => (row * row) % 3);
  const seed = sha256(Uint8Array.of(3));
  return (["as-given", "shuffled", "by-label"] as const).map((order) => ({
    order,
    seed: toHex(seed),
    labels: [...labels],
    rows: [...rowOrder(labels, order, seed)],
  }));
}
