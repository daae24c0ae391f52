/**
 * The manifest: it describes a dataset, and names the chunk files that hold it. The SHA-256 of its canonical JSON is
 * the dataset's id, and through the hashes of the chunks this id fixes every byte of the data.
 */
import { z } from "zod";
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { canonicalJson } from "./canonical-json.ts";
import { DatasetError, requireWithin } from "./errors.ts";

export const MAX_ROWS = 10_000_000;
export const MAX_CHUNKS = 65_535;
export const MAX_CHUNK_BYTES = 64 * 1024 * 1024;
export const MAX_CLASSES = 1000;
export const MAX_ROW_SIZE = 1_000_000;
export const MAX_COLUMNS = 10_000;
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
const MAX_DIMENSIONS = 4;

/** The number of notes of an import, and the characters of one. */
export const MAX_NOTES = 100;
export const MAX_NOTE_LENGTH = 1000;
/** Characters, not UTF-16 units, in the name of a column, a category or a class. */
export const MAX_TEXT_LENGTH = 1024;

const characters = (limit: number) =>
  z
    .string()
    .refine(
      (text) => text.length <= limit || [...text].length <= limit,
      `must have at most ${limit} characters`,
    );
const Text = characters(MAX_TEXT_LENGTH);
const Position = z.int().min(0).max(MAX_COLUMNS);

const Chunk = z.strictObject({
  /** A file name inside the dataset's folder; the pattern excludes any path that leads out of it. */
  file: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}\.bin$/, "must look like train-00000.bin"),
  rows: z.int().min(1).max(MAX_ROWS),
  bytes: z.int().min(1).max(MAX_CHUNK_BYTES),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"),
});

/** How one column of a table became features, so that new rows can be encoded in the same way. */
const Column = z.discriminatedUnion("kind", [
  /** One feature: (value - mean) / deviation, rounded to binary32. */
  z.strictObject({
    kind: z.literal("numeric"),
    name: Text,
    /** Position among the fields of a record, from 0. */
    position: Position,
    decimal: z.enum(["point", "comma"]),
    /** Every value is a whole number. */
    integer: z.boolean(),
    min: z.number(),
    max: z.number(),
    /** 0 and 1 where whole numbers were kept unchanged. */
    mean: z.number(),
    deviation: z.number().positive(),
    /** Replaces a missing value; null: a row without the value cannot be encoded. */
    fill: z.number().nullable(),
    /** Number of rows in which it replaced one. */
    missing: z.int().min(0).max(MAX_ROWS),
  }),
  /** One feature per value: 1 where the text is equal, else 0; an unknown text is 0 in all. */
  z.strictObject({
    kind: z.literal("category"),
    name: Text,
    position: Position,
    values: z.array(Text).min(1).max(64),
    /** Rows with an empty cell. */
    missing: z.int().min(0).max(MAX_ROWS),
  }),
]);

/** How to read the records of a table. */
const Table = z.strictObject({
  separator: z.string().length(1),
  header: z.boolean(),
  /** Number of fields of every record. */
  fields: z.int().min(1).max(MAX_COLUMNS),
  label: z.strictObject({ name: Text, position: Position }),
  /** Columns that became no feature. */
  leftOut: z
    .array(z.strictObject({ name: Text, position: Position, reason: Text }).readonly())
    .max(MAX_COLUMNS)
    .readonly(),
});

const ManifestSchema = z.strictObject({
  version: z.literal(2),
  name: z.string().min(1).max(64),
  licence: z.string().max(256),
  source: z.string().max(1024),
  /** uint8 features are multiplied by `scale` when read; float32 features are stored ready to use. */
  dtype: z.enum(["uint8", "float32"]),
  scale: z.number().positive(),
  /** Shape of one row, without the batch dimension: [28,28,1] or [7]. */
  shape: z.array(z.int().min(1).max(MAX_ROW_SIZE)).min(1).max(MAX_DIMENSIONS),
  /** Empty where the features are not columns of a table. */
  columns: z.array(Column).max(MAX_COLUMNS),
  /** Null where the data is no table. */
  table: Table.nullable(),
  classes: z.array(Text).min(2).max(MAX_CLASSES),
  /** What the import left out, filled in or guessed, in sentences. */
  notes: z.array(characters(MAX_NOTE_LENGTH)).max(MAX_NOTES),
  rowsPerChunk: z.int().min(1).max(MAX_ROWS),
  order: z.enum(["as-given", "shuffled", "by-label"]),
  train: z.array(Chunk).min(1).max(MAX_CHUNKS),
  test: z.array(Chunk).min(1).max(MAX_CHUNKS),
});

export type Manifest = z.infer<typeof ManifestSchema>;
export type ManifestChunk = z.infer<typeof Chunk>;
export type ManifestColumn = z.infer<typeof Column>;
export type DatasetOrder = Manifest["order"];
export type Split = "train" | "test";

/** Bytes of all chunk files together. */
export function chunksBytes({ train, test }: Pick<Manifest, Split>): number {
  return [...train, ...test].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** @throws DatasetError BAD_MANIFEST naming the field, TOO_LARGE */
export function parseManifest(json: unknown): Manifest {
  const parsed = ManifestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    refuse(issue?.path.join(".") || "manifest", issue?.message ?? "not a manifest");
  }
  const manifest = parsed.data;
  requireWithin("values per row", rowSize(manifest), MAX_ROW_SIZE, "use fewer or smaller features");
  for (const split of ["train", "test"] as const) {
    requireWithin(`${split} rows`, rowCount(manifest, split), MAX_ROWS, "split the dataset");
  }
  const files = new Set([...manifest.train, ...manifest.test].map((chunk) => chunk.file));
  if (files.size !== manifest.train.length + manifest.test.length) {
    refuse("train", "two chunks have the same file name");
  }
  return manifest;
}

/** @throws DatasetError as parseManifest; also for bytes that are not JSON */
export function decodeManifest(bytes: Uint8Array): Manifest {
  requireWithin("manifest bytes", bytes.length, MAX_MANIFEST_BYTES, "use larger chunks");
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    refuse("manifest", "not JSON", cause);
  }
  return parseManifest(json);
}

/** @throws DatasetError BAD_MANIFEST for bytes that `encodeManifest` would not write */
export function decodeCanonicalManifest(bytes: Uint8Array): Manifest {
  const manifest = decodeManifest(bytes);
  if (equalBytes(encodeManifest(manifest), bytes)) return manifest;
  return refuse("manifest", "its bytes are not the canonical JSON (RFC 8785) of what it says");
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return canonicalJson(manifest);
}

/** Hex SHA-256 of the canonical bytes: the id by which a job names the dataset. */
export function datasetId(manifest: Manifest): string {
  return toHex(sha256(encodeManifest(manifest)));
}

/** Values in one row. */
export function rowSize(manifest: Pick<Manifest, "shape">): number {
  return manifest.shape.reduce((product, dimension) => product * dimension, 1);
}

export function rowCount(manifest: Manifest, split: Split): number {
  return manifest[split].reduce((sum, chunk) => sum + chunk.rows, 0);
}

function refuse(field: string, reason: string, cause?: unknown): never {
  throw new DatasetError(
    `dataset manifest, field ${field}: ${reason}`,
    { code: "BAD_MANIFEST", field, reason },
    { remedy: "make the dataset again with `npx poml dataset import`", cause },
  );
}
