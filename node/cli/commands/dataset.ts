/** `poml dataset`: imports datasets into a node, and lists those it has. */
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { Command, Option } from "commander";
import type { DatasetJson } from "../../api/contract/dataset.ts";
import type { ImportOptions } from "../../api/import-client.ts";
import { isCode } from "../../wallet/secret-file.ts";
import { type ApiOptions, addApiOptions, connect } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { findIdxFiles, type IdxFiles } from "../idx-files.ts";
import { pathOption } from "../path-option.ts";
import { createProgress } from "../progress.ts";

interface CsvCommandOptions extends ApiOptions {
  readonly name?: string;
  readonly label?: string;
  readonly header?: "yes" | "no" | "auto";
  readonly separator?: string;
  readonly decimal?: "point" | "comma";
  readonly encoding?: string;
  readonly leaveOut?: string[];
  readonly keepIntegers?: boolean;
}

interface IdxOptions extends ApiOptions {
  readonly name?: string;
  readonly images?: string;
  readonly labels?: string;
  readonly testImages?: string;
  readonly testLabels?: string;
}

export function datasetCommand(context: CliContext): Command {
  const importing = new Command("import").description("import a dataset into a node");
  importing.addCommand(
    addApiOptions(new Command("csv"))
      .description("import a CSV file; one column holds the labels")
      .argument("<file>", "the file", pathOption("file"))
      .option("--name <name>", "default: the file's name")
      .option("--label <column>", "column with the labels: a name, or a number from 0 (-1 = last)")
      .addOption(
        new Option("--header <choice>", "whether line 1 names the columns; default: auto").choices([
          "yes",
          "no",
          "auto",
        ]),
      )
      .option("--separator <mark>", "comma, semicolon, tab, pipe or the character; default: found")
      .addOption(
        new Option("--decimal <mark>", "decimal mark; default: found for each column").choices([
          "point",
          "comma",
        ]),
      )
      .option("--encoding <name>", "windows-1252, for example; default: utf-8")
      .option("--leave-out <column...>", "columns to leave out, by name or number")
      .option("--keep-integers", "keep columns of whole numbers as they are, for embeddings")
      .action((file: string, options: CsvCommandOptions) => importCsv(file, options, context)),
  );
  importing.addCommand(
    addApiOptions(new Command("idx"))
      .description("import IDX files (MNIST's format), plain or gzip")
      .argument(
        "[directory]",
        "holds train-images-idx3-ubyte[.gz] and so on",
        pathOption("directory"),
      )
      .option("--name <name>", "default: the directory's name")
      .option("--images <file>", "training images", pathOption("images"))
      .option("--labels <file>", "training labels", pathOption("labels"))
      .option("--test-images <file>", "test images", pathOption("test-images"))
      .option("--test-labels <file>", "test labels", pathOption("test-labels"))
      .action((directory: string | undefined, options: IdxOptions) =>
        importIdx(directory, options, context),
      ),
  );
  const list = addApiOptions(new Command("list"))
    .description("list the datasets a node holds")
    .action((options: ApiOptions) => listDatasets(options, context));
  return new Command("dataset")
    .description("import and list datasets")
    .addCommand(importing)
    .addCommand(list);
}

async function importCsv(
  file: string,
  options: CsvCommandOptions,
  context: CliContext,
): Promise<void> {
  const bytes = await readInput("file", file);
  const name = options.name ?? basename(file, extname(file));
  const client = await connect(options, context);
  const { label, header, separator, decimal, encoding, leaveOut, keepIntegers } = options;
  const keep = keepIntegers === true ? ({ keepIntegers: "yes" } as const) : {};
  const fields = { label, header, separator, decimal, encoding, leaveOut, ...keep };
  await importWith(context, (how) => client.uploadCsv(name, bytes, fields, how));
}

async function importIdx(
  directory: string | undefined,
  options: IdxOptions,
  context: CliContext,
): Promise<void> {
  const found = directory === undefined ? {} : await findIdxFiles(directory);
  const chosen = { ...found, ...definedOf(options) };
  const name =
    options.name ?? basename(directory ?? chosen.images ?? "images").replace(/\..*$/, "");
  const one = (field: keyof IdxFiles, flag: string): Promise<Uint8Array> => {
    const path = chosen[field];
    if (path !== undefined) return readInput(flag, path);
    throw usageError(flag, "no file", `give --${flag}, or a directory with the four IDX files`);
  };
  const upload = {
    name,
    images: await one("images", "images"),
    labels: await one("labels", "labels"),
    testImages: await one("testImages", "test-images"),
    testLabels: await one("testLabels", "test-labels"),
  };
  const client = await connect(options, context);
  await importWith(context, (how) => client.uploadIdx(upload, how));
}

/** Shows the progress of upload and import, then the dataset with its notes. */
async function importWith(
  context: CliContext,
  run: (how: ImportOptions) => Promise<DatasetJson>,
): Promise<void> {
  const progress = await createProgress(context.output);
  const bar = progress.bar("import", { isMain: true });
  let dataset: DatasetJson;
  try {
    const onProgress = (step: string, done: number): void => bar.update(done, step);
    dataset = await run({ onProgress, signal: context.signal });
  } finally {
    progress.stop();
  }
  showDataset(dataset, context);
}

async function listDatasets(options: ApiOptions, context: CliContext): Promise<void> {
  const datasets = await (await connect(options, context)).datasets();
  context.output.result({ datasets }, () =>
    context.output.table(
      ["id", "name", "values a row", "classes", "train", "test", "licence"],
      datasets.map((set) => [
        set.id.slice(0, 16),
        set.name,
        set.shape.join("x"),
        set.classes.length,
        set.trainRows,
        set.testRows,
        set.licence,
      ]),
    ),
  );
}

function showDataset(dataset: DatasetJson, context: CliContext): void {
  context.output.result(dataset, () =>
    context.output.fields({
      dataset: dataset.id,
      name: dataset.name,
      "each row": valuesOf(dataset.shape),
      classes: dataset.classes.join(", ").slice(0, 200),
      rows: `${dataset.trainRows} to train on, ${dataset.testRows} to test with`,
    }),
  );
  for (const note of dataset.notes) context.output.line(`note: ${note}`);
}

/** `4 values`, or `28x28x1 values` for an image. */
function valuesOf(shape: readonly number[]): string {
  return `${shape.join("x")} ${shape.length === 1 && shape[0] === 1 ? "value" : "values"}`;
}

function definedOf({ images, labels, testImages, testLabels }: IdxOptions): IdxFiles {
  return {
    ...(images === undefined ? {} : { images }),
    ...(labels === undefined ? {} : { labels }),
    ...(testImages === undefined ? {} : { testImages }),
    ...(testLabels === undefined ? {} : { testLabels }),
  };
}

async function readInput(field: string, path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    if (!isCode(error, "ENOENT")) throw error;
    throw new CliError(
      `${field}: ${path} does not exist`,
      { code: "FILE_NOT_FOUND", exit: EXIT.notFound, field },
      "check the path",
      error,
    );
  });
}
