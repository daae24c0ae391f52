/**
 * What default orders learn: with no option but the label, on tables such as people have, beside
 * scikit-learn's MLPClassifier with its own defaults on the same rows. Means over several splits.
 *
 * The federated rounds run in one process, with the same shards, seeds, training, checks and merging as on
 * the network. Without Debian's python3-sklearn its figures are those recorded below, and the tables that
 * ship with it are left out; a line says so.
 */
import { execFile, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import type { DatasetSource } from "../../ml/dataset/build.ts";
import { importCsv } from "../../ml/dataset/import-csv.ts";
import type { Rows } from "../../ml/dataset/rows.ts";
import type { Engine } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { presetModel } from "../../ml/model/presets.ts";
import { fillOrder } from "../../node/jobs/train/default-order.ts";
import { trainOffline } from "../helpers/offline-federation.ts";
import { clusters, irisLike, titanicLike, wineQualityLike } from "../helpers/tables.ts";
import type { BenchOptions } from "./main.ts";

/** Debian's, which the libraries of python3-sklearn belong to. */
const PYTHON = "/usr/bin/python3";
const NODES = 4;

interface TableRow {
  readonly table: string;
  readonly rows: number;
  /** What the default order chose. */
  readonly order: string;
  /** Test accuracy in percent, a mean over the splits. */
  readonly ours: number;
  readonly sklearn: number | undefined;
  readonly difference: number | undefined;
}

export interface TablesBench {
  readonly splits: number;
  /** Where the figures of scikit-learn come from. */
  readonly sklearn: string;
  readonly tables: readonly TableRow[];
  readonly seconds: number;
}

/** Made by seed, so that they need no Python. The figures of scikit-learn 1.2.1 were recorded over 8 splits. */
const GENERATED: Readonly<
  Record<string, { readonly csv: () => string; readonly recorded: number }>
> = {
  "iris-like": { csv: () => irisLike({ rows: 150 }), recorded: 0.988 },
  "wine quality": { csv: () => wineQualityLike({ rows: 1599 }), recorded: 0.578 },
  titanic: { csv: () => titanicLike({ rows: 891 }), recorded: 0.81 },
  "60 rows": {
    csv: () => clusters({ rows: 60, features: 5, classes: 2, apart: 2 }),
    recorded: 0.958,
  },
  "five bent classes": {
    csv: () => clusters({ rows: 1000, features: 10, classes: 5, apart: 3, centres: 3 }),
    recorded: 0.884,
  },
  "nine of ten in one class": {
    csv: () =>
      clusters({ rows: 2000, features: 8, classes: 3, apart: 2, largest: 0.9, centres: 2 }),
    recorded: 0.97,
  },
};
/** Left out by --quick: they take minutes. */
const LARGE: typeof GENERATED = {
  "100 classes": {
    csv: () => clusters({ rows: 5000, features: 20, classes: 100, apart: 5 }),
    recorded: 0.99,
  },
  "30,000 rows": {
    csv: () => clusters({ rows: 30_000, features: 12, classes: 4, apart: 2.5, centres: 4 }),
    recorded: 0.869,
  },
};
const SHIPPED = ["iris", "wine", "breast_cancer", "digits"];

export async function bench({ quick }: BenchOptions): Promise<TablesBench> {
  const startedAt = performance.now();
  const hasSklearn = await succeeds(PYTHON, ["-c", "import sklearn"]);
  const splits = quick ? 3 : 8;
  const engine = await createExactEngine();
  const tables: TableRow[] = [];
  const generated = Object.entries({ ...GENERATED, ...(quick ? {} : LARGE) });
  for (const [table, { csv, recorded }] of generated) {
    const runs = table in LARGE ? 1 : splits;
    tables.push(await compare(engine, table, csv(), runs, hasSklearn ? undefined : recorded));
  }
  for (const table of hasSklearn ? SHIPPED : []) {
    tables.push(await compare(engine, table, await shipped(table), splits, undefined));
  }
  return {
    splits,
    sklearn: hasSklearn
      ? "measured now, on the same rows"
      : `${PYTHON} has no sklearn: recorded figures, and ${SHIPPED.join(", ")} are left out`,
    tables,
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
}

async function compare(
  engine: Engine,
  table: string,
  csv: string,
  splits: number,
  recorded: number | undefined,
): Promise<TableRow> {
  const sources = Array.from({ length: splits }, (_, split) => {
    const seed = taggedHash("poml/bench-tables/v1", uint32Bytes(split));
    return { seed, source: importCsv(csv, { name: table, label: -1, seed }).dataset };
  });
  const ours: number[] = [];
  for (const { source, seed } of sources) ours.push(await byDefault(engine, source, seed));
  const theirs = recorded ?? mean(await bySklearn(sources.map(({ source }) => source)));
  const [first] = sources;
  const size = (part: "train" | "test"): number => first?.source[part].labels.length ?? 0;
  const row = {
    table,
    rows: size("train") + size("test"),
    order: first === undefined ? "" : orderText(first.source),
    ours: percent(mean(ours)),
    sklearn: percent(theirs),
    difference: percent(mean(ours) - theirs),
  };
  process.stderr.write(`${table}: ${row.ours} %, scikit-learn ${row.sklearn} % (${row.order})\n`);
  return row;
}

function defaultOrder(source: DatasetSource) {
  const data = { name: source.name, rows: source.train.labels.length, shape: source.shape };
  return fillOrder({ dataset: "" }, data, NODES).order;
}

function orderText(source: DatasetSource): string {
  const { optimizer, participants, rounds, localEpochs, batchSize } = defaultOrder(source);
  return `${optimizer.kind} ${optimizer.learningRate}, ${participants} x ${rounds} rounds x ${localEpochs} epochs, batch ${batchSize}`;
}

async function byDefault(engine: Engine, source: DatasetSource, seed: Uint8Array): Promise<number> {
  const { model, ...order } = defaultOrder(source);
  if (!("preset" in model)) throw new Error("a default order names a preset");
  const options = { inputShape: source.shape, classes: source.classes.length };
  const layers = parseLayersModel(presetModel(model.preset, options));
  const rounds = await trainOffline(engine, source, { ...order, model: layers, seed });
  return rounds.at(-1)?.accuracy ?? 0;
}

async function bySklearn(sources: readonly DatasetSource[]): Promise<number[]> {
  const script = fileURLToPath(new URL("tables/sklearn-mlp.py", import.meta.url));
  // One thread, as our rounds have.
  const env = { ...process.env, OMP_NUM_THREADS: "1" };
  const child = spawn(PYTHON, [script], { env, stdio: ["pipe", "pipe", "inherit"] });
  const answer = text(child.stdout);
  for (const [seed, { train, test }] of sources.entries()) {
    child.stdin.write(
      `${JSON.stringify({ train: plainRows(train), test: plainRows(test), seed })}\n`,
    );
  }
  child.stdin.end();
  return (await answer).trim().split("\n").map(Number);
}

function plainRows({ features, labels, rowSize }: Rows): { x: number[][]; y: number[] } {
  const x = Array.from(labels, (_, row) =>
    Array.from(features.subarray(row * rowSize, (row + 1) * rowSize)),
  );
  return { x, y: Array.from(labels) };
}

async function shipped(table: string): Promise<string> {
  const script = fileURLToPath(new URL("tables/sklearn-tables.py", import.meta.url));
  const { stdout } = await promisify(execFile)(PYTHON, [script, table], { maxBuffer: 2 ** 24 });
  return stdout;
}

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return promisify(execFile)(command, [...args]).then(
    () => true,
    () => false,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): number {
  return Math.round(1000 * share) / 10;
}
