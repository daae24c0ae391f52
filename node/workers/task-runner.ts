/**
 * The worker's work: turns an order and its inputs into calls of ml/. Knows neither socket nor
 * process; everything from outside has been bounded in size, and is checked here for fit.
 */
import { fromHex, sha256, toHex } from "../../chain/crypto/hash.ts";
import { recipeFault, trackTask } from "../../chain/track/task.ts";
import { replayTraining } from "../../ml/audit/replay.ts";
import { type CoreMeter, startCoreShare } from "../../ml/baseline/core-share.ts";
import { runLane } from "../../ml/baseline/lane.ts";
import { replaySegment } from "../../ml/baseline/replay.ts";
import { bytesOfFloats, floatsOfBytes, indexOfNonFinite } from "../../ml/bytes.ts";
import { shardOfChunks } from "../../ml/dataset/build.ts";
import { decodeChunk } from "../../ml/dataset/chunk.ts";
import { decodeManifest, rowSize, type Split } from "../../ml/dataset/manifest.ts";
import type { Shard } from "../../ml/dataset/shard.ts";
import type { Trainer } from "../../ml/engine.ts";
import { requireOperations } from "../../ml/model/operations.ts";
import { runTrack } from "../../ml/track/run.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../ml/training/checkpoint.ts";
import { evaluateShard } from "../../ml/training/evaluate.ts";
import { trainShard } from "../../ml/training/train-shard.ts";
import type { Clock } from "../clock.ts";
import type { OutputName, WireOrder, WireResult } from "./protocol.ts";
import type { TaskProgress } from "./tasks.ts";
import type { TrainerCache } from "./trainer-cache.ts";
import { badTask } from "./worker-error.ts";

export interface TaskContext {
  /** Gives the task up. */
  readonly signal: AbortSignal;
  /** Ends a lane with what is done. */
  readonly end: AbortSignal;
  readonly onProgress: (progress: TaskProgress) => void;
  /** Sends an output; await it before the next. */
  output(name: OutputName, index: number, bytes: Uint8Array): Promise<void>;
}

/** Bytes that have this SHA-256 (hex). */
export interface TaskInput {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

export interface TaskRunnerModules {
  readonly trainers: TrainerCache;
  readonly clock: Clock;
  /** Of the process that runs the tasks. */
  readonly meter: CoreMeter;
}

type OrderOf<K extends WireOrder["kind"]> = Extract<WireOrder, { kind: K }>;
type Inputs = readonly TaskInput[];

/** Place of the start state among the inputs of a retrain. */
const START_STATE = 3;

/**
 * @param inputs in the order that protocol.ts states for the kind
 * @throws WorkerError BAD_TASK; ModelError, DatasetError, TrainingError, CheckpointError; the signal's
 * reason
 */
export async function runTask(
  order: WireOrder,
  inputs: Inputs,
  { trainers, clock, meter }: TaskRunnerModules,
  context: TaskContext,
): Promise<WireResult> {
  switch (order.kind) {
    case "train":
      return train(order, await openTask(order, inputs, "train", trainers), { clock, context });
    case "retrain":
      return retrain(order, inputs, trainers, context);
    case "evaluate":
      return evaluate(await openTask(order, inputs, order.split, trainers), context);
    case "baseline":
      return baseline(order, { trainers, clock, meter, context });
    case "track":
      return track(order, { trainers, clock, meter, context });
    case "replay": {
      const engine = await trainers.engine("exact");
      const { task, index, stepsPerSegment } = order;
      const startState = inputAt(inputs, 0, "start state").bytes;
      const options = { seed: fromHex(order.seed), task, index, stepsPerSegment, startState };
      const { end } = await replaySegment(options, { engine, signal: context.signal });
      return { kind: "replay", hash: toHex(end) };
    }
    default:
      return order satisfies never;
  }
}

interface OpenTask {
  readonly trainer: Trainer;
  readonly parameters: Float32Array;
  readonly shard: Shard;
}

async function train(
  { epochs, segments, seed, hyperparameters, states }: OrderOf<"train">,
  { trainer, parameters, shard }: OpenTask,
  { clock, context }: { readonly clock: Clock; readonly context: TaskContext },
): Promise<WireResult> {
  const { signal, onProgress, output } = context;
  const { batchSize } = hyperparameters;
  let sent: Promise<void> = Promise.resolve();
  const onCheckpoint = (index: number, state: Checkpoint): void => {
    if (index === 0) return;
    const bytes = encodeCheckpoint(state);
    sent = sent.then(() => output("state", index, bytes));
  };
  const run = trainShard(
    { parameters, epochs, batchSize, seed: fromHex(seed), segments },
    {
      trainer,
      shard,
      signal,
      clock: { now: () => clock.monotonic() },
      ...(states && { onCheckpoint }),
    },
  );
  let turn: Awaited<ReturnType<typeof run.next>>;
  try {
    turn = await run.next();
    for (; turn.done !== true; turn = await run.next()) {
      onProgress(turn.value);
      await sent;
    }
  } finally {
    // States before a divergence arrive too: they tell where it is.
    await sent;
  }
  const { steps, samples, meanLoss, durationMs, checkpoints } = turn.value;
  await output("parameters", 0, bytesOfFloats(turn.value.parameters));
  await output("checkpoints", 0, Buffer.concat(checkpoints));
  const optimizerHash = toHex(sha256(bytesOfFloats(trainer.optimizerState())));
  return { kind: "train", steps, samples, meanLoss, durationMs, optimizerHash };
}

async function retrain(
  order: OrderOf<"retrain">,
  inputs: Inputs,
  trainers: TrainerCache,
  { signal }: TaskContext,
): Promise<WireResult> {
  const { epochs, segments, segment, hyperparameters } = order;
  const isFirst = segment === 0;
  const served = isFirst ? undefined : inputAt(inputs, START_STATE, "start state").bytes;
  const rest = isFirst ? inputs : inputs.toSpliced(START_STATE, 1);
  const { trainer, parameters, shard } = await openTask(order, rest, "train", trainers);
  const { batchSize } = hyperparameters;
  const start = served === undefined ? undefined : decodeCheckpoint(served, parameters.length);
  const seed = fromHex(order.seed);
  const { origin, end } = await replayTraining(
    { parameters, epochs, batchSize, seed, segments, segment, start },
    { trainer, shard, signal },
  );
  return { kind: "retrain", origin: toHex(origin), end: toHex(end) };
}

async function evaluate(
  { trainer, parameters, shard }: OpenTask,
  { signal, output }: TaskContext,
): Promise<WireResult> {
  trainer.load(parameters);
  const { lossSum, samples, confusion } = await evaluateShard(trainer, shard, { signal });
  const counts = new DataView(new ArrayBuffer(confusion.length * 4));
  confusion.forEach((count, i) => {
    counts.setUint32(i * 4, count, true);
  });
  await output("confusion", 0, new Uint8Array(counts.buffer));
  return { kind: "evaluate", lossSum, samples };
}

async function baseline(
  { task, seed, stepsPerSegment, maxSegments }: OrderOf<"baseline">,
  { trainers, clock, meter, context }: TaskRunnerModules & { readonly context: TaskContext },
): Promise<WireResult> {
  const { signal, end, onProgress, output } = context;
  const engine = await trainers.engine("exact");
  const share = startCoreShare(meter);
  let sent: Promise<void> = Promise.resolve();
  const lane = runLane(
    { task, seed: fromHex(seed), stepsPerSegment, maxSegments },
    {
      engine,
      clock,
      signal: AbortSignal.any([signal, end]),
      onCheckpoint: (index, state) => {
        const bytes = encodeCheckpoint(state);
        sent = sent.then(() => output("state", index, bytes));
      },
    },
  );
  let turn = await lane.next();
  for (; turn.done !== true; turn = await lane.next()) {
    onProgress({ step: turn.value.segments, steps: maxSegments, loss: undefined });
    await sent;
  }
  await sent;
  signal.throwIfAborted();
  return { kind: "baseline", segments: turn.value.segments, coreShare: share() };
}

async function track(
  order: OrderOf<"track">,
  { trainers, clock, context }: TaskRunnerModules & { readonly context: TaskContext },
): Promise<WireResult> {
  const { signal, onProgress } = context;
  const { task, recipe, mix, publicKey, testMix } = order;
  const fault = recipeFault(trackTask(task), recipe);
  if (fault !== undefined) throw badTask(fault.field, fault.reason);
  const run = runTrack(
    {
      task,
      recipe,
      mix: fromHex(mix),
      publicKey: fromHex(publicKey),
      testMix: testMix === null ? undefined : fromHex(testMix),
    },
    {
      engine: await trainers.engine("exact"),
      clock: { now: () => clock.monotonic() },
      signal,
    },
  );
  let turn = await run.next();
  for (; turn.done !== true; turn = await run.next()) onProgress(turn.value);
  const { weights, test } = turn.value;
  return {
    kind: "track",
    weights: toHex(weights),
    test:
      test === undefined
        ? null
        : { confusion: Array.from(test.confusion), outputs: toHex(test.outputs) },
  };
}

/** Opens the model, decodes the shard, and makes sure that they and the parameters fit. */
async function openTask(
  { engine, hyperparameters, operations }: OrderOf<"train" | "retrain" | "evaluate">,
  inputs: Inputs,
  split: Split,
  trainers: TrainerCache,
): Promise<OpenTask> {
  const manifest = decodeManifest(inputAt(inputs, 1, "manifest").bytes);
  const parameters = floatsOfBytes(inputAt(inputs, 2, "parameters").bytes);
  const { model, trainer } = await trainers.open(
    engine,
    inputAt(inputs, 0, "model"),
    hyperparameters,
  );
  if (operations !== undefined) requireOperations(model, operations);
  requireFit("rows", rowSize(manifest), model.inputSize);
  requireFit("classes", manifest.classes.length, model.classes);
  requireFit("parameters", parameters.length, model.parameterCount);
  if (indexOfNonFinite(parameters) !== -1) throw badTask("parameters", "a value is not finite");
  const byHash = new Map(manifest[split].map((chunk) => [chunk.sha256, chunk]));
  const parts = inputs.slice(3).map(({ hash, bytes }) => {
    const chunk = byHash.get(hash);
    if (chunk === undefined) throw badTask("chunks", `not in the ${split} split`);
    return decodeChunk(manifest, chunk, bytes);
  });
  if (parts.length === 0) throw badTask("chunks", "none");
  return { trainer, parameters, shard: shardOfChunks(manifest, parts) };
}

function inputAt(inputs: Inputs, index: number, field: string): TaskInput {
  const input = inputs[index];
  if (input === undefined) throw badTask(field, "missing");
  return input;
}

function requireFit(field: string, actual: number, expected: number): void {
  if (actual !== expected) throw badTask(field, `${actual}, the model has ${expected}`);
}
