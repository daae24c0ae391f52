/** Carries out one import order. It is expensive and partly synchronous, so it runs in a separate process. */
import { readFile } from "node:fs/promises";
import { fromHex } from "../../chain/crypto/hash.ts";
import { type DatasetSource, reorderDataset, sourceBytes } from "../../ml/dataset/build.ts";
import { gunzipWithin, isGzip } from "../../ml/dataset/gunzip.ts";
import { type CsvSettings, importCsv, MAX_CSV_BYTES } from "../../ml/dataset/import-csv.ts";
import { type IdxFiles, importIdx } from "../../ml/dataset/import-idx.ts";
import { chunksBytes } from "../../ml/dataset/manifest.ts";
import { cutIntoFolder, readDataset, writeDataset } from "../../ml/dataset/store.ts";
import { readForm } from "./import-form.ts";
import type { ImportOrder, ImportProgress, ImportSize, ImportSource } from "./import-order.ts";

const FACTS = { licence: "not stated", source: "uploaded" };
const READ = 0.1;
const ENCODED = 0.8;

/** @throws DatasetError, FormError; what `onSize` throws */
export async function importDataset(
  { source, output }: ImportOrder,
  onProgress: ImportProgress,
  onSize: ImportSize = async () => {},
): Promise<void> {
  onProgress(0, "reading");
  if (source.kind === "reorder") {
    const { folder, order, seed } = source;
    const dataset = await readDataset(folder);
    await onSize(chunksBytes(dataset.manifest));
    await writeDataset(output, reorderDataset(dataset, order, fromHex(seed)));
    return;
  }
  const dataset = await read(source, onProgress);
  await onSize(sourceBytes(dataset));
  onProgress(ENCODED, "writing");
  await cutIntoFolder(output, dataset, (done) => {
    onProgress(ENCODED + (1 - ENCODED) * done, "writing");
  });
}

async function read(
  source: Exclude<ImportSource, { readonly kind: "reorder" }>,
  onProgress: ImportProgress,
): Promise<DatasetSource> {
  switch (source.kind) {
    case "csv":
      return csv(source.name, await readFile(source.file), source.settings, onProgress);
    case "idx": {
      const { images, labels, testImages, testLabels } = source;
      const files = {
        images: await readFile(images),
        labels: await readFile(labels),
        testImages: await readFile(testImages),
        testLabels: await readFile(testLabels),
      };
      return idx(source.name, files, onProgress);
    }
    case "form": {
      const form = await readForm(await readFile(source.file), source.contentType);
      return form.kind === "csv"
        ? csv(form.name, form.bytes, form.settings, onProgress)
        : idx(form.name, form.files, onProgress);
    }
    default:
      return source satisfies never;
  }
}

async function csv(
  name: string,
  bytes: Uint8Array,
  settings: CsvSettings,
  onProgress: ImportProgress,
): Promise<DatasetSource> {
  const isPacked = isGzip(bytes);
  const plain = isPacked
    ? await gunzipWithin("the CSV file", bytes, { limitBytes: MAX_CSV_BYTES })
    : bytes;
  onProgress(READ, "reading the table");
  const { dataset } = importCsv(plain, {
    ...FACTS,
    ...settings,
    name,
    onProgress: (done) => onProgress(READ + (ENCODED - READ) * done, "reading the table"),
  });
  if (!isPacked) return dataset;
  return { ...dataset, notes: ["The file was gzip and was unpacked.", ...(dataset.notes ?? [])] };
}

async function idx(
  name: string,
  files: IdxFiles,
  onProgress: ImportProgress,
): Promise<DatasetSource> {
  onProgress(READ, "unpacking");
  return importIdx(files, { ...FACTS, name });
}
