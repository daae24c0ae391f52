/**
 * Cuts rows into chunks and writes the manifest that names them. The order of the rows decides what an assignment of
 * chunks to participants means: shuffled chunks give IID shards, label-sorted chunks do not.
 */
import { sha256, taggedHash, toHex } from "../../chain/crypto/hash.ts";
import { chunkBytes, decodeChunk, encodeChunk } from "./chunk.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import {
  type DatasetOrder,
  MAX_CHUNK_BYTES,
  MAX_CHUNKS,
  MAX_CLASSES,
  MAX_ROW_SIZE,
  MAX_ROWS,
  type Manifest,
  type ManifestChunk,
  parseManifest,
  rowSize,
  type Split,
} from "./manifest.ts";
import { rowOrder } from "./order.ts";
import { type Rows, selectRows } from "./rows.ts";
import { type Shard, shardOf } from "./shard.ts";

/** A manifest with its chunk files by name. */
export interface Dataset {
  readonly manifest: Manifest;
  readonly chunks: ReadonlyMap<string, Uint8Array>;
}

/** What an importer knows of the data, before it is cut into chunks. */
export interface DatasetSource
  extends Pick<
    Manifest,
    "name" | "licence" | "source" | "scale" | "shape" | "columns" | "classes"
  > {
  /** What the import left out, filled in or guessed; default: nothing. */
  readonly notes?: readonly string[];
  /** How to read the records of a table; default: the data is no table. */
  readonly table?: Manifest["table"];
  readonly train: Rows;
  readonly test: Rows;
}

export interface BuildOptions {
  /** Default: 500, or fewer so that small data still makes 32 chunks. */
  readonly rowsPerChunk?: number;
  /** Default `shuffled`. */
  readonly order?: DatasetOrder;
  /** 32 bytes; default a fixed seed, so that the same data gives the same dataset id. */
  readonly seed?: Uint8Array;
}

/** Bytes of the dataset made from a source, without chunk headers and manifest. */
export function sourceBytes({ train, test }: Pick<DatasetSource, "train" | "test">): number {
  return [train, test].reduce(
    (sum, { features, labels }) => sum + features.byteLength + labels.byteLength,
    0,
  );
}

const DEFAULT_ROWS_PER_CHUNK = 500;
const DEFAULT_CHUNKS = 32;

/** @throws DatasetError EMPTY, ONE_CLASS, TOO_LARGE, BAD_MANIFEST */
export function buildDataset(source: DatasetSource, options: BuildOptions = {}): Dataset {
  const chunks = new Map<string, Uint8Array>();
  const manifest = cutDataset(source, options, (file, bytes) => {
    chunks.set(file, bytes);
  });
  return { manifest, chunks };
}

/**
 * Like `buildDataset`, but passes each chunk on as soon as it is made, so that memory never holds two copies of the
 * data.
 */
export function cutDataset(
  source: DatasetSource,
  options: BuildOptions,
  onChunk: (file: string, bytes: Uint8Array, done: number) => void,
): Manifest {
  const { train, test, ...facts } = source;
  requireUsable(source);
  const rowsPerChunk =
    options.rowsPerChunk ??
    Math.min(DEFAULT_ROWS_PER_CHUNK, Math.ceil(train.labels.length / DEFAULT_CHUNKS));
  const order = options.order ?? "shuffled";
  const seed = options.seed ?? taggedHash("poml/dataset-order/v1");
  const dtype = train.features instanceof Uint8Array ? "uint8" : "float32";
  const rows = Math.min(rowsPerChunk, train.labels.length);
  const remedy = "use fewer rows per chunk";
  requireWithin("bytes per chunk", chunkBytes({ ...facts, dtype }, rows), MAX_CHUNK_BYTES, remedy);

  const total = train.labels.length + test.labels.length;
  let made = 0;
  const cut = (split: Split, all: Rows, indices: Uint32Array): ManifestChunk[] => {
    const count = Math.ceil(indices.length / rowsPerChunk);
    requireWithin(`${split} chunks`, count, MAX_CHUNKS, "use more rows per chunk");
    return Array.from({ length: count }, (_, index) => {
      const slice = indices.subarray(index * rowsPerChunk, (index + 1) * rowsPerChunk);
      const bytes = encodeChunk(selectRows(all, slice), facts.classes.length);
      const file = `${split}-${String(index).padStart(5, "0")}.bin`;
      made += slice.length;
      onChunk(file, bytes, made / total);
      return { file, rows: slice.length, bytes: bytes.length, sha256: toHex(sha256(bytes)) };
    });
  };
  return parseManifest({
    version: 2,
    notes: [],
    table: null,
    ...facts,
    dtype,
    rowsPerChunk,
    order,
    train: cut("train", train, rowOrder(train.labels, order, seed)),
    test: cut("test", test, rowOrder(test.labels, "as-given", seed)),
  });
}

/** The same data in another order: a separate dataset with an id of its own. */
export function reorderDataset(dataset: Dataset, order: DatasetOrder, seed: Uint8Array): Dataset {
  const { manifest } = dataset;
  return buildDataset(
    {
      name: manifest.name,
      licence: manifest.licence,
      source: manifest.source,
      scale: manifest.scale,
      shape: manifest.shape,
      columns: manifest.columns,
      table: manifest.table,
      classes: manifest.classes,
      notes: manifest.notes,
      train: joined(dataset, "train"),
      test: joined(dataset, "test"),
    },
    { rowsPerChunk: manifest.rowsPerChunk, order, seed },
  );
}

/** Decoded chunks as one shard. @throws RangeError when a part does not fit the manifest */
export function shardOfChunks(manifest: Manifest, parts: readonly Rows[]): Shard {
  const classes = manifest.classes.length;
  return shardOf({ scale: manifest.scale, rowSize: rowSize(manifest), classes }, parts);
}

function decodeSplit(dataset: Dataset, split: Split): Rows[] {
  return dataset.manifest[split].map((chunk) => {
    const bytes = dataset.chunks.get(chunk.file);
    if (bytes === undefined) {
      throw new DatasetError(`chunk ${chunk.file} is missing`, {
        code: "MISSING_FILE",
        file: chunk.file,
      });
    }
    return decodeChunk(dataset.manifest, chunk, bytes);
  });
}

function joined(dataset: Dataset, split: Split): Rows {
  const parts = decodeSplit(dataset, split);
  const size = rowSize(dataset.manifest);
  const total = parts.reduce((sum, part) => sum + part.labels.length, 0);
  const features =
    dataset.manifest.dtype === "uint8"
      ? new Uint8Array(total * size)
      : new Float32Array(total * size);
  const labels = new Uint16Array(total);
  let row = 0;
  for (const part of parts) {
    features.set(part.features, row * size);
    labels.set(part.labels, row);
    row += part.labels.length;
  }
  return { rowSize: size, features, labels };
}

function requireUsable(source: DatasetSource): void {
  const { train, test, classes } = source;
  if (train.labels.length === 0 || test.labels.length === 0) {
    const what = train.labels.length === 0 ? "training rows" : "test rows";
    throw new DatasetError(
      `the data has no ${what}`,
      { code: "EMPTY", what },
      { remedy: "training and test set each need at least one row" },
    );
  }
  if (classes.length < 2) {
    const label = classes[0] ?? "";
    throw new DatasetError(
      `every row has the same label ${JSON.stringify(label)}`,
      { code: "ONE_CLASS", label },
      { remedy: "a classifier needs at least two classes; check which column holds the label" },
    );
  }
  const remedy = "take fewer rows or features";
  requireWithin("classes", classes.length, MAX_CLASSES, "check which column holds the label");
  requireWithin("rows", train.labels.length + test.labels.length, MAX_ROWS, remedy);
  requireWithin("values per row", train.rowSize, MAX_ROW_SIZE, remedy);
}
