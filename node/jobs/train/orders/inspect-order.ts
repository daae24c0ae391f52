/**
 * Reads everything that a stranger's order names before any work is done on it: whether the model is one that the
 * engine can build, whether the chunks in the manifest are possible, and whether these fit the order and each other.
 * The result follows from the bytes alone, so every node gets the same one. Runs in a helper process.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { chunkBytes } from "../../../../ml/dataset/chunk.ts";
import { type DatasetIndex, indexOfManifest } from "../../../../ml/dataset/dataset-index.ts";
import {
  decodeCanonicalManifest,
  type Manifest,
  rowCount,
  rowSize,
} from "../../../../ml/dataset/manifest.ts";
import type { EngineName } from "../../../../ml/engine.ts";
import {
  checkHyperparameters,
  DEFAULT_LOSS,
  type Hyperparameters,
} from "../../../../ml/hyperparameters.ts";
import { checkLossFits } from "../../../../ml/loss-fit.ts";
import { type LayersModel, parseLayersModel } from "../../../../ml/model/layers-model.ts";
import { requireOperations } from "../../../../ml/model/operations.ts";
import { SEED_BYTES } from "../../../../ml/random.ts";
import type { ImpossibleReason } from "../../impossible-reason.ts";
import { checkEmbeddings } from "../embedding-inputs.ts";
import { MAX_STEP_OPERATIONS, stepOperations, workerBytes } from "./order-cost.ts";

/** A file on this machine that should have this hash (hex). */
export interface NamedFile {
  readonly path: string;
  readonly hash: string;
}

/** The statements of an order. */
export interface OrderFacts {
  readonly engine: EngineName;
  readonly hyperparameters: Hyperparameters;
  readonly parameterCount: number;
  /** Of a sample step. */
  readonly operations: number;
  readonly trainRows: number;
  readonly trainChunks: number;
  readonly testRows: number;
  /** Number of participants that share the training chunks. */
  readonly participants: number;
}

export interface InspectTask {
  readonly model: NamedFile;
  readonly manifest: NamedFile;
  readonly facts: OrderFacts;
}

/** A model that needs more is not tried, because the trial here would need it as well. */
const MAX_TRIED_BYTES = 640 * 1024 * 1024;

export type Inspection =
  | {
      readonly kind: "possible";
      readonly dataset: DatasetIndex;
      /** An upper bound of the bytes that a worker needs, with the data of one participant or for the test. */
      readonly workerBytes: number;
      /** Of one batch, as far as they are known. */
      readonly stepOperations: number;
      /** Processor time of one batch on this machine, if tfjs was tried; no description limits it. */
      readonly batchMs?: number;
    }
  /** `detail` is for people. */
  | { readonly kind: "impossible"; readonly reason: ImpossibleReason; readonly detail: string };

/** @throws Error when a file is missing or does not have its hash; that says nothing about the order */
export async function inspectOrder({ model, manifest, facts }: InspectTask): Promise<Inspection> {
  const modelBytes = await read(model);
  const manifestBytes = await read(manifest);
  try {
    const dataset = found("data", () => openManifest(manifestBytes));
    const layers = await foundAsync("model", () => openModel(modelBytes, facts.engine));
    const cost = found("misfit", () => {
      checkFit(layers, dataset, facts);
      return costOf(layers, dataset, facts);
    });
    const isTried = facts.engine === "tfjs" && cost.workerBytes <= MAX_TRIED_BYTES;
    const rowMs = isTried ? await foundAsync("model", () => tryOnTfjs(layers, facts)) : undefined;
    const batch = rowMs !== undefined && { batchMs: rowMs * facts.hyperparameters.batchSize };
    const index = indexOfManifest(dataset, manifest.hash, manifestBytes.length);
    return { kind: "possible", dataset: index, ...cost, ...batch };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: "impossible", reason: error.reason, detail: error.message };
  }
}

async function read({ path, hash }: NamedFile): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== hash) throw new Error(`the file of ${hash} has SHA-256 ${actual}`);
  return bytes;
}

function openManifest(bytes: Uint8Array): Manifest {
  const manifest = decodeCanonicalManifest(bytes);
  for (const chunk of [...manifest.train, ...manifest.test]) {
    const expected = chunkBytes(manifest, chunk.rows);
    if (chunk.bytes === expected) continue;
    throw new Fault(
      "data",
      `chunk ${chunk.file}: ${chunk.rows} rows take ${expected} bytes, the manifest says ${chunk.bytes}`,
    );
  }
  return manifest;
}

async function openModel(bytes: Uint8Array, engine: EngineName): Promise<LayersModel> {
  const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (engine === "exact") return parseLayersModel(json);
  const { readLayersModel } = await import("../../../../ml/model/read-layers-model.ts");
  return readLayersModel(json);
}

function costOf(model: LayersModel, { train, test }: Manifest, facts: OrderFacts) {
  const { hyperparameters, participants } = facts;
  const bytes = Math.max(
    bytesOf(test, test.length),
    bytesOf(train, Math.ceil(train.length / participants)),
  );
  return {
    workerBytes: workerBytes(model, hyperparameters, { bytes }),
    stepOperations: stepOperations(model, hyperparameters),
  };
}

/** tfjs builds some models that it cannot train; for the trial, drawn values serve as well as those of the order. */
async function tryOnTfjs(
  model: LayersModel,
  { hyperparameters }: OrderFacts,
): Promise<number | undefined> {
  const { loss = DEFAULT_LOSS } = hyperparameters;
  checkLossFits(loss, model);
  const { tryStep } = await import("../../../../ml/tfjs/try-step.ts");
  return tryStep(model, new Uint8Array(SEED_BYTES), loss);
}

function checkFit(model: LayersModel, manifest: Manifest, facts: OrderFacts): void {
  const { hyperparameters } = facts;
  const equal = (what: string, actual: number, expected: number): void => {
    if (actual === expected) return;
    throw new Fault("misfit", `${what}: the order has ${expected}, its files ${actual}`);
  };
  equal("parameters", model.parameterCount, facts.parameterCount);
  requireOperations(model, facts.operations);
  equal("training rows", rowCount(manifest, "train"), facts.trainRows);
  equal("training chunks", manifest.train.length, facts.trainChunks);
  equal("test rows", rowCount(manifest, "test"), facts.testRows);
  equal("values of a row", rowSize(manifest), model.inputSize);
  equal("classes", manifest.classes.length, model.classes);
  if (!model.parameters.some(({ trainable }) => trainable)) {
    throw new Fault("misfit", "nothing of the model can be trained");
  }
  checkHyperparameters(hyperparameters);
  checkLossFits(hyperparameters.loss ?? DEFAULT_LOSS, model);
  checkEmbeddings(model, manifest);
  const operations = stepOperations(model, hyperparameters);
  if (operations > MAX_STEP_OPERATIONS) {
    throw new Fault(
      "misfit",
      `a batch takes ${operations} operations, at most ${MAX_STEP_OPERATIONS} can be interrupted in time`,
    );
  }
}

/** Bytes of the `count` largest chunks. */
function bytesOf(chunks: Manifest["train"], count: number): number {
  const sizes = Float64Array.from(chunks, ({ bytes }) => bytes).sort();
  return sizes.subarray(sizes.length - count).reduce((sum, size) => sum + size, 0);
}

class Fault extends Error {
  readonly reason: ImpossibleReason;

  constructor(reason: ImpossibleReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** An error of our readers follows from the bytes, so it occurs on every node; an error for lack of memory does not. */
function found<T>(reason: ImpossibleReason, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw faultOf(reason, error);
  }
}

async function foundAsync<T>(reason: ImpossibleReason, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw faultOf(reason, error);
  }
}

function faultOf(reason: ImpossibleReason, error: unknown): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const isOurs = error instanceof RangeError && /allocat|memory/i.test(error.message);
  return isOurs ? error : new Fault(reason, error.message);
}
