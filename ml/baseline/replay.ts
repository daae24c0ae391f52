/** A verifier's work: one segment of another node's lane, from the state that this node served. */
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { Engine } from "../engine.ts";
import { type Checkpoint, checkpointHash, decodeCheckpoint } from "../training/checkpoint.ts";
import { CheckpointError } from "../training/checkpoint-error.ts";
import { runSegment } from "./segment.ts";
import { baselineModel, DEFAULT_TASK, openBaseline, STEPS_PER_SEGMENT, zeroState } from "./task.ts";

export interface ReplaySegmentOptions {
  /** The lane's 32 bytes, computed by the verifier itself. */
  readonly seed: Uint8Array;
  /** Segment from 0. */
  readonly index: number;
  /** Encoded checkpoint, as served. */
  readonly startState: Uint8Array;
  /** Version of the baseline task; default 1. */
  readonly task?: number;
  /** Default 250. */
  readonly stepsPerSegment?: number;
}

export interface SegmentHashes {
  /** Must be leaf `index` under the committed root. */
  readonly start: Uint8Array;
  /** Must be leaf `index + 1`. */
  readonly end: Uint8Array;
}

/**
 * @returns hashes of the served start state, and of the state in which the segment really ends
 * @throws CheckpointError BAD_CHECKPOINT; the signal's reason when aborted
 */
export async function replaySegment(
  {
    seed,
    index,
    startState,
    task = DEFAULT_TASK,
    stepsPerSegment = STEPS_PER_SEGMENT,
  }: ReplaySegmentOptions,
  { engine, signal }: { readonly engine: Engine; readonly signal?: AbortSignal },
): Promise<SegmentHashes> {
  const model = baselineModel(task);
  const trainer = await openBaseline(engine, model);
  try {
    const start = decodeCheckpoint(startState, trainer.parameterCount);
    const startHash = checkpointHash(start);
    checkStart(index, start, zeroState(trainer));
    const isOver = (): boolean => signal?.aborted === true;
    const options = { seed, index, start, steps: stepsPerSegment };
    const end = await runSegment(options, { trainer, model, isOver });
    if (end === undefined) throw signal?.reason;
    return { start: startHash, end: checkpointHash(end) };
  } finally {
    trainer.dispose();
  }
}

/** A state that no lane can reach is the claimant's fault. Otherwise no verifier could call such a claim false. */
function checkStart(index: number, start: Checkpoint, zero: Checkpoint): void {
  const [given, expected] = [start.optimizerState.length, zero.optimizerState.length];
  if (given !== expected) refuse(`${given} optimizer values, the task has ${expected}`);
  if (index === 0 && !equalBytes(checkpointHash(start), checkpointHash(zero))) {
    refuse("a lane starts from the zero state");
  }
}

function refuse(reason: string): never {
  throw new CheckpointError(`checkpoint: ${reason}`, { code: "BAD_CHECKPOINT", reason });
}
