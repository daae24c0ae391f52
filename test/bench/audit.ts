/**
 * What audits cost: a participant's run with and without hashing its states, and the replay of one
 * segment by an auditor, on one thread, in one process, in turn. Shares of the training itself, from
 * the least time of each.
 */
import { trainingSeed } from "../../chain/job/seed.ts";
import { SEGMENTS } from "../../chain/job/segments.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../../ml/audit/checkpoint.ts";
import { replayTraining } from "../../ml/audit/replay.ts";
import type { Trainer } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { initialParameters } from "../../ml/model/initializers.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { presetModel } from "../../ml/model/presets.ts";
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
  const seed = trainingSeed(jobSpec("bench"), 1, 0);
  const parameters = initialParameters(model, seed);
  const options = { epochs: 1, batchSize: BATCH, seed, parameters };
  const rounds = quick ? 2 : 3;
  const segments = 4;
  const [train, states, replays]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= rounds; round++) {
    // One segment only: its two hashes are the least a run can have.
    const plain = await timed(() => run(trainer, shard, { ...options, segments: 1 }));
    const kept: Uint8Array[] = [];
    const keep = (_: number, state: Checkpoint): void => {
      kept.push(encodeCheckpoint(state));
    };
    const audited = await timed(() => run(trainer, shard, options, keep));
    const looked = await timed(async () => {
      for (let segment = 0; segment < SEGMENTS; segment += SEGMENTS / segments) {
        const start = decodeCheckpoint(kept[segment] ?? new Uint8Array(), model.parameterCount);
        await replayTraining({ ...options, segment, start }, { trainer, shard });
      }
    });
    if (round === 0) continue;
    train.push(plain);
    states.push(audited);
    replays.push(looked);
  }
  trainer.dispose();
  const whole = least(train);
  const hashing = Math.max(0, least(states) / whole - 1);
  const segment = least(replays) / segments / whole;
  const second = TEST_PARAMETERS.secondLook / MILLION;
  const overhead = hashing + segment * (1 + second);
  return {
    model: "lenet",
    rows: shard.rows,
    trainMs: Math.round(whole),
    hashingShare: rounded(hashing),
    segmentShare: rounded(segment),
    secondLook: second,
    overheadShare: rounded(overhead),
    newcomerShare: rounded(hashing + 1),
    bar: BAR,
    withinBar: overhead <= BAR,
  };
}

async function run(
  trainer: Trainer,
  shard: ReturnType<typeof blobs>,
  options: Parameters<typeof trainShard>[0],
  onCheckpoint?: (index: number, state: Checkpoint) => void,
): Promise<void> {
  const parts = { trainer, shard, clock: performance, ...(onCheckpoint && { onCheckpoint }) };
  const steps = trainShard(options, parts);
  while ((await steps.next()).done !== true);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

/** What other programs take away is none of it. */
function least(values: readonly number[]): number {
  return Math.min(...values);
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
