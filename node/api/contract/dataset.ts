/** Datasets a node holds. Uploads are CSV bodies or multipart forms, see docs/api.md. */
import { z } from "zod";
import { CsvForm } from "../../datasets/csv-form.ts";
import { Count, Hash } from "./scalar.ts";

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

/** Query of a `text/csv` upload. */
export const CsvQuery = CsvForm;

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
