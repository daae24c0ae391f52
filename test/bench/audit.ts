/**
 * What audits cost: the states a participant hashes and keeps between its steps, and the replay of one segment
 * by an auditor, as shares of the training itself. Both are compared with the run they belong to, since the
 * speed of a machine drifts; the median of several runs, on one thread.
 */
import { trainingSeed } from "../../chain/workload/train/seed.ts";
import { SEGMENTS } from "../../chain/workload/train/segments.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { replayTraining } from "../../ml/audit/replay.ts";
import type { Trainer } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { presetModel } from "../../ml/model/presets.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../ml/training/checkpoint.ts";
import { trainShard } from "../../ml/training/train-shard.ts";
import { blobs } from "../helpers/blobs.ts";
import { TEST_PARAMETERS } from "../helpers/chain.ts";
import { jobSpec } from "../helpers/job-run.ts";
import type { BenchOptions } from "./main.ts";

const BAR = 0.1;
const MILLION = 1_000_000;
const BATCH = 32;

export async function bench({ quick }: BenchOptions): Promise<object> {
  const model = parseLayersModel(presetModel("lenet", { inputShape: [28, 28, 1], classes: 10 }));
  const engine = await createExactEngine();
  const trainer = await engine.open(model, {
    optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9 },
    batchSize: BATCH,
  });
  const shard = blobs(quick ? 1_600 : 4_800, { rowSize: 784, classes: 10 });
  const seed = trainingSeed(trainSpec(jobSpec("bench")), 1, 0);
  const parameters = initialParameters(model, seed);
  const options = { epochs: 1, batchSize: BATCH, seed, parameters };
  const rounds = quick ? 2 : 6;
  const [train, states, replays]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= rounds; round++) {
    const kept: Uint8Array[] = [];
    const clocked = new ClockedTrainer(trainer);
    const audited = await timed(() => run(clocked, shard, options, kept));
    const looked = await timed(async () => {
      for (let segment = 0; segment < SEGMENTS; segment++) {
        const start = decodeCheckpoint(kept[segment] ?? new Uint8Array(), model.parameterCount);
        await replayTraining({ ...options, segment, start }, { trainer, shard });
      }
    });
    if (round === 0) continue;
    const alone = audited - clocked.statesMs;
    train.push(alone);
    // All but the last state are followed by a step.
    states.push((clocked.statesMs * (SEGMENTS + 1)) / SEGMENTS / alone);
    replays.push(looked / SEGMENTS / alone);
  }
  trainer.dispose();
  const hashing = median(states);
  const segment = median(replays);
  const second = TEST_PARAMETERS.secondLook / MILLION;
  const overhead = hashing + segment * (1 + second);
  return {
    model: "lenet",
    rows: shard.rows,
    workMs: Math.round(median(train)),
    hashingShare: rounded(hashing),
    segmentShare: rounded(segment),
    secondLook: second,
    overheadShare: rounded(overhead),
    newcomerShare: rounded(hashing + 1),
    bar: BAR,
    withinBar: overhead <= BAR,
  };
}

/** Passes everything on and counts the time from asking for a state to the step after it. */
class ClockedTrainer implements Trainer {
  statesMs = 0;
  readonly #trainer: Trainer;
  #askedAt: number | undefined;

  constructor(trainer: Trainer) {
    this.#trainer = trainer;
  }

  get parameterCount(): number {
    return this.#trainer.parameterCount;
  }

  load(parameters: Float32Array): void {
    this.#trainer.load(parameters);
  }

  parameters(): Float32Array {
    this.#askedAt ??= performance.now();
    return this.#trainer.parameters();
  }

  optimizerState(): Float32Array {
    return this.#trainer.optimizerState();
  }

  restore(parameters: Float32Array, optimizerState: Float32Array): void {
    this.#trainer.restore(parameters, optimizerState);
  }

  step(...batch: Parameters<Trainer["step"]>): number {
    if (this.#askedAt !== undefined) this.statesMs += performance.now() - this.#askedAt;
    this.#askedAt = undefined;
    return this.#trainer.step(...batch);
  }

  evaluate(...batch: Parameters<Trainer["evaluate"]>): ReturnType<Trainer["evaluate"]> {
    return this.#trainer.evaluate(...batch);
  }

  predict(inputs: Float32Array, count: number): Float32Array {
    return this.#trainer.predict(inputs, count);
  }

  dispose(): void {
    this.#trainer.dispose();
  }
}

async function run(
  trainer: Trainer,
  shard: ReturnType<typeof blobs>,
  options: Parameters<typeof trainShard>[0],
  kept: Uint8Array[],
): Promise<void> {
  const onCheckpoint = (_: number, state: Checkpoint): void => {
    kept.push(encodeCheckpoint(state));
  };
  const steps = trainShard(options, { trainer, shard, clock: performance, onCheckpoint });
  while ((await steps.next()).done !== true);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
