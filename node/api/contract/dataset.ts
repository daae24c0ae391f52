/** Datasets a node holds. Uploads are CSV bodies or multipart forms, see docs/api.md. */
import { z } from "zod";
import type { CsvSettings } from "../../../ml/dataset/import-csv.ts";
import { Count, Hash, ShortName } from "./scalar.ts";

export const DatasetJson = z.object({
  id: Hash.describe("SHA-256 of the manifest"),
  name: z.string(),
  shape: z.array(Count),
  classes: z.array(z.string()),
  trainRows: Count,
  testRows: Count,
  licence: z.string(),
  notes: z.array(z.string()).describe("what the import left out, filled or guessed"),
});
export type DatasetJson = z.infer<typeof DatasetJson>;

export const DatasetList = z.object({ datasets: z.array(DatasetJson) });
export type DatasetList = z.infer<typeof DatasetList>;

const column = z.string().min(1).max(1024);

/** What a client can state about a CSV file: fields of the query, or of a form. */
const CsvFields = {
  label: column
    .optional()
    .describe(
      "column to predict: a name, or a number from 0 (-1 is the last); default: by its name",
    ),
  header: z
    .enum(["yes", "no", "auto"])
    .optional()
    .describe("whether line 1 names the columns; default auto, which refuses what is not clear"),
  separator: z
    .string()
    .min(1)
    .max(16)
    .optional()
    .describe("comma, semicolon, tab, pipe, or the character; default: found"),
  decimal: z.enum(["point", "comma"]).optional().describe("decimal mark; default: found by column"),
  encoding: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe("windows-1252, for example; default utf-8"),
  leaveOut: z
    .union([column, z.array(column).max(1000)])
    .optional()
    .describe("columns to leave out, by name or number; may come more than once"),
  keepIntegers: z
    .enum(["yes", "no"])
    .optional()
    .describe("keep columns of whole numbers as they are, as embeddings need; default no"),
};

/** Query of a `text/csv` upload. */
export const CsvQuery = z.strictObject({ name: ShortName, ...CsvFields });

/** Text fields of a multipart upload; its files are `file` (CSV) or `images`, `labels`, …. */
export const UploadForm = CsvQuery;

const uploadId = z.string().regex(/^[0-9a-f]{32}$/, "must be the id of an upload");

/** An import from uploads that are complete: `file` (CSV), or the four IDX files. */
export const ImportOrderJson = CsvQuery.extend({
  file: uploadId.optional(),
  images: uploadId.optional(),
  labels: uploadId.optional(),
  testImages: uploadId.optional(),
  testLabels: uploadId.optional(),
});
export type ImportOrderJson = z.infer<typeof ImportOrderJson>;

export type CsvFields = Omit<z.infer<typeof CsvQuery>, "name">;

/** The fields as the import takes them. */
export function csvSettings({ leaveOut, keepIntegers, ...rest }: CsvFields): CsvSettings {
  return {
    ...rest,
    leaveOut: typeof leaveOut === "string" ? [leaveOut] : leaveOut,
    keepIntegers: keepIntegers === "yes",
  };
}
