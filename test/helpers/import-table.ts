/** A CSV table into a node's datasets, without the API and without a process of its own. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDataset } from "../../ml/dataset/build.ts";
import { type CsvOptions, importCsv } from "../../ml/dataset/import-csv.ts";
import { writeDataset } from "../../ml/dataset/store.ts";
import type { DatasetService } from "../../node/jobs/train/dataset-service.ts";

/** @returns the dataset's id */
export async function importTable(
  datasets: DatasetService,
  bytes: Uint8Array,
  options: CsvOptions,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "poml-table-"));
  await writeDataset(folder, buildDataset(importCsv(bytes, options).dataset));
  return (await datasets.adopt(folder)).id;
}
