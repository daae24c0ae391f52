/**
 * One segment of a lane: a pure function of the lane's seed, the segment's number and its start state. Lane and replay
 * both run this, so a verifier needs nothing else. The first segment of a round draws new weights from the hash of its
 * start state, so the segments of a lane must be run one after another.
 */
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import type { Trainer } from "../engine.ts";
import { initialParameters } from "../model/initial-parameters.ts";
import type { LayersModel } from "../model/layers-model.ts";
import { breathe } from "../training/breathe.ts";
import { type Checkpoint, checkpointHash } from "../training/checkpoint.ts";
import { segmentRows } from "./data.ts";
import { BATCH_SIZE, INPUT_SIZE, SEGMENTS_PER_ROUND } from "./task.ts";

export interface SegmentOptions {
  /** 32 bytes: the seed of the lane (chain/rating). */
  readonly seed: Uint8Array;
  /** From 0. */
  readonly index: number;
  readonly start: Checkpoint;
  readonly steps: number;
}

export interface SegmentParts {
  readonly trainer: Trainer;
  readonly model: LayersModel;
  /** Called between steps. */
  readonly isOver: () => boolean;
}

const STEPS_PER_BREATH = 8;

/** @returns the end state, or undefined when the time was over before the segment was complete */
export async function runSegment(
  { seed, index, start, steps }: SegmentOptions,
  { trainer, model, isOver }: SegmentParts,
): Promise<Checkpoint | undefined> {
  const startHash = checkpointHash(start);
  if (index % SEGMENTS_PER_ROUND === 0) {
    const tag = "poml/baseline-init/v1";
    const initSeed = taggedHash(tag, seed, uint32Bytes(index), startHash);
    trainer.load(initialParameters(model, initSeed));
  } else {
    trainer.restore(start.parameters, start.optimizerState);
  }
  const rows = segmentRows(seed, index, startHash);
  const order = Uint32Array.from({ length: rows.rows }, (_, row) => row);
  const inputs = new Float32Array(BATCH_SIZE * INPUT_SIZE);
  const labels = new Int32Array(BATCH_SIZE);
  for (let step = 0; step < steps; step++) {
    if (isOver()) return undefined;
    const from = (step * BATCH_SIZE) % rows.rows;
    rows.batch(order.subarray(from, from + BATCH_SIZE), inputs, labels);
    trainer.step(inputs, labels, BATCH_SIZE, step);
    if (step % STEPS_PER_BREATH === 0) await breathe();
  }
  return { parameters: trainer.parameters(), optimizerState: trainer.optimizerState() };
}
