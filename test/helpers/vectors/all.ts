/** The vectors of docs/training.md and docs/exact-engine.md, by their file in test/vectors/. */
import { datasetVectors } from "./dataset.ts";
import { functionVectors } from "./functions.ts";
import { laneVectors, trackVectors } from "./lane.ts";
import { mergeVectors, metricsVectors } from "./merge.ts";
import { randomVectors } from "./random.ts";
import { runVectors } from "./run.ts";
import { shardVectors } from "./shards.ts";
import { updateVectors } from "./update.ts";
import { presetVectors, weightVectors } from "./weights.ts";

export const TRAINING_VECTORS: Readonly<Record<string, () => object | Promise<object>>> = {
  "random.json": randomVectors,
  "dataset.json": datasetVectors,
  "shards.json": shardVectors,
  "initial-weights.json": weightVectors,
  "presets.json": presetVectors,
  "functions.json": functionVectors,
  "run.json": runVectors,
  "lane.json": laneVectors,
  "track.json": trackVectors,
  "update.json": updateVectors,
  "merge.json": mergeVectors,
  "metrics.json": metricsVectors,
};
