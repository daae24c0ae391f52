/** Datasets a node holds. Uploads are CSV bodies or multipart forms, see docs/api.md. */
import { z } from "zod";
import { ShortName } from "./job.ts";
import { Count, Hash } from "./scalar.ts";

export const DatasetJson = z.object({
  id: Hash.describe("SHA-256 of the manifest"),
  name: z.string(),
  shape: z.array(Count),
  classes: z.array(z.string()),
  trainRows: Count,
  testRows: Count,
  licence: z.string(),
});
export type DatasetJson = z.infer<typeof DatasetJson>;

export const DatasetList = z.object({ datasets: z.array(DatasetJson) });
export type DatasetList = z.infer<typeof DatasetList>;

/** Query of a `text/csv` upload. */
export const CsvQuery = z.strictObject({
  name: ShortName,
  label: z.string().min(1).max(256).optional().describe("the column to predict; default: the last"),
});

/** Text fields of a multipart upload; its files are `file` (CSV) or `images`, `labels`, …. */
export const UploadForm = z.strictObject({
  name: ShortName,
  label: z.string().min(1).max(256).optional(),
});
