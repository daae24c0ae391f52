/**
 * IDX files (the format of MNIST and its relatives, plain or gzip) to a dataset. The magic number
 * is 0, 0, element type, dimensions; each dimension follows as a big-endian uint32.
 */
import type { DatasetSource } from "./build.ts";
import { shownList } from "./csv-names.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import { gunzipWithin, isGzip, MAX_UNPACKED_BYTES, startOf } from "./gunzip.ts";
import { MAX_CLASSES, MAX_ROW_SIZE, MAX_ROWS } from "./manifest.ts";
import type { Rows } from "./rows.ts";

export interface IdxFiles {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly testImages: Uint8Array;
  readonly testLabels: Uint8Array;
}

export interface IdxInfo {
  readonly name: string;
  readonly licence: string;
  readonly source: string;
  /** Label names by label number; default "0", "1", ... */
  readonly classes?: readonly string[];
}

interface IdxArray {
  /** Rows first. */
  readonly dimensions: number[];
  readonly values: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const MAX_DIMENSIONS = 4;
const FILES = {
  images: "training images",
  labels: "training labels",
  testImages: "test images",
  testLabels: "test labels",
} as const;

/**
 * Unpacks the files, but only after every header has given its size and all sizes fit.
 * @throws DatasetError BAD_IDX, BAD_GZIP, TOO_LARGE
 */
async function unpacked(files: IdxFiles): Promise<IdxFiles> {
  let left = MAX_UNPACKED_BYTES;
  const one = async (field: keyof IdxFiles): Promise<Uint8Array> => {
    const what = FILES[field];
    const packed = files[field];
    const first = isGzip(packed) ? startOf(packed) : packed;
    if (isGzip(packed) && first.length === 0) refuse(what, "its gzip data is damaged or cut off");
    const { start, dimensions } = headerOf(what, first);
    const expectedBytes = start + sizeOf(dimensions);
    const [rows = 0] = dimensions;
    requireWithin(`rows of the ${what}`, rows, MAX_ROWS, "take fewer rows");
    const bytes = isGzip(packed)
      ? await gunzipWithin(what, packed, { limitBytes: left, expectedBytes })
      : packed;
    left -= bytes.length;
    return bytes;
  };
  return {
    labels: await one("labels"),
    testLabels: await one("testLabels"),
    images: await one("images"),
    testImages: await one("testImages"),
  };
}

/** @param packed plain or gzip @throws DatasetError BAD_IDX, BAD_GZIP, SHAPE, TOO_LARGE */
export async function importIdx(packed: IdxFiles, info: IdxInfo): Promise<DatasetSource> {
  const files = await unpacked(packed);
  const train = labelled("training", files.images, files.labels);
  const test = labelled("test", files.testImages, files.testLabels);
  if (train.shape.join() !== test.shape.join()) {
    throw new DatasetError(
      `training images are ${train.shape.join("x")}, test images ${test.shape.join("x")}`,
      { code: "SHAPE", expected: train.rows.rowSize, actual: test.rows.rowSize },
      { remedy: "give training and test files of the same set" },
    );
  }
  const labelCount = Math.max(largest(train.rows.labels), largest(test.rows.labels)) + 1;
  const classes = info.classes ?? Array.from({ length: labelCount }, (_, i) => String(i));
  requireWithin("classes", labelCount, MAX_CLASSES, "check the label file");
  if (labelCount > classes.length) {
    refuse("labels", `label ${labelCount - 1} has no name, ${classes.length} were given`);
  }
  return {
    name: info.name,
    licence: info.licence,
    source: info.source,
    scale: 1 / 255,
    shape: train.shape,
    columns: [],
    classes: [...classes],
    notes: emptyClasses(classes, train.rows.labels, test.rows.labels),
    train: train.rows,
    test: test.rows,
  };
}

/** @throws DatasetError BAD_IDX, TOO_LARGE */
export function decodeIdx(what: string, bytes: Uint8Array): IdxArray {
  const { start, dimensions } = headerOf(what, bytes);
  const size = sizeOf(dimensions);
  if (bytes.length - start !== size) {
    refuse(what, `${dimensions.join("x")} takes ${size} bytes, there are ${bytes.length - start}`);
  }
  return { dimensions, values: bytes.subarray(start) };
}

function sizeOf(dimensions: readonly number[]): number {
  return dimensions.reduce((product, dimension) => product * dimension, 1);
}

/** Reads the header; only the first bytes are used. */
function headerOf(what: string, bytes: Uint8Array): { start: number; dimensions: number[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rank = bytes[3] ?? 0;
  const start = 4 + 4 * rank;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== UNSIGNED_BYTE) {
    const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
    refuse(what, `starts with ${start.join(" ") || "nothing"}, not with 00 00 08 (unsigned bytes)`);
  }
  if (rank < 1 || rank > MAX_DIMENSIONS || bytes.length < start) {
    refuse(what, `${rank} dimensions in ${bytes.length} bytes`);
  }
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i, false));
  return { start, dimensions };
}

/** The inverse of decodeIdx. */
export function encodeIdx({ dimensions, values }: IdxArray): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + values.length);
  const view = new DataView(bytes.buffer);
  bytes[2] = UNSIGNED_BYTE;
  bytes[3] = dimensions.length;
  dimensions.forEach((dimension, i) => {
    view.setUint32(4 + 4 * i, dimension, false);
  });
  bytes.set(values, 4 + 4 * dimensions.length);
  return bytes;
}

function labelled(
  what: string,
  images: Uint8Array,
  labels: Uint8Array,
): { rows: Rows; shape: number[] } {
  const pixels = decodeIdx(`${what} images`, images);
  const classes = decodeIdx(`${what} labels`, labels);
  const [count = 0, ...shape] = pixels.dimensions;
  if (classes.dimensions.length !== 1 || classes.dimensions[0] !== count) {
    refuse(`${what} labels`, `${classes.dimensions.join("x")} labels for ${count} images`);
  }
  const rowSize = shape.reduce((product, dimension) => product * dimension, 1);
  requireWithin("rows", count, MAX_ROWS, "take fewer rows");
  requireWithin("values per row", rowSize, MAX_ROW_SIZE, "scale the images down");
  return {
    rows: { rowSize, features: pixels.values, labels: Uint16Array.from(classes.values) },
    // Rows of height and width are grey images; the channel dimension is last, as convolutions expect.
    shape: shape.length === 2 ? [...shape, 1] : shape.length === 0 ? [1] : shape,
  };
}

/** The classes are the numbers from 0 to the largest label, even those that no row has. */
function emptyClasses(classes: readonly string[], train: Uint16Array, test: Uint16Array): string[] {
  const [trained, tested] = [new Set(train), new Set(test)];
  const named = (what: string, isSo: (label: number) => boolean): string[] => {
    const names = classes.filter((_, label) => isSo(label));
    return names.length === 0 ? [] : [`Classes ${what}: ${shownList(names)}.`];
  };
  return [
    ...named("without any row", (label) => !trained.has(label) && !tested.has(label)),
    ...named("with test rows only", (label) => !trained.has(label) && tested.has(label)),
    ...named("with training rows only", (label) => trained.has(label) && !tested.has(label)),
  ];
}

function largest(labels: Uint16Array): number {
  return labels.reduce((max, label) => Math.max(max, label), 0);
}

function refuse(what: string, reason: string, cause?: unknown): never {
  throw new DatasetError(
    `IDX file with ${what}: ${reason}`,
    { code: "BAD_IDX", what, reason },
    {
      remedy: "give the four IDX files (plain or .gz) of the set, images and labels not swapped",
      cause,
    },
  );
}
