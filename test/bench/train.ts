/**
 * Training speed: batches of 32 on one thread, plain SGD, for the three models that others publish
 * figures for; PyTorch beside it where a python3 has it. Rates are per second of processor time, and the
 * fastest of several rounds counts, because other processes can only slow one down.
 *
 * Also what checkpoints cost: the hashes over all segments of a round of 60,000 samples, in percent of its
 * training, with momentum; and the time to import the engine and to have it ready, of fresh processes.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SEGMENTS } from "../../chain/workload/train/segments.ts";
import type { Engine, Trainer } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../../ml/model/layers-model.ts";
import { presetModel } from "../../ml/model/presets.ts";
import { Random, SEED_BYTES } from "../../ml/random.ts";
import { createTfjsEngine } from "../../ml/tfjs/engine.ts";
import { checkpointHash } from "../../ml/training/checkpoint.ts";
import type { BenchOptions } from "./main.ts";

const MODELS = ["2nn", "cnn", "lenet"] as const;
const BATCH_SIZE = 32;
const WARM_UP_STEPS = 10;
const ROUNDS = 5;
const INPUT = { inputShape: [28, 28, 1], classes: 10 };
const ROUND_SAMPLES = 60_000;
const PYTHONS = ["python3", "/usr/bin/python3"];

export interface TrainResult {
  readonly model: string;
  readonly engine: string;
  readonly samplesPerSecond: number;
  /** 10^9 floating-point operations of forward and backward passes per second. */
  readonly gflops: number;
}

export interface CheckpointResult {
  readonly model: string;
  readonly checkpointMs: number;
  readonly stepMs: number;
  /** Of all checkpoints of a round, of its training time. */
  readonly percent: number;
}

export interface TrainBench {
  readonly results: readonly TrainResult[];
  readonly checkpoints: readonly CheckpointResult[];
  readonly importMs: number;
  readonly readyMs: number;
}

export async function bench({ quick }: BenchOptions): Promise<TrainBench> {
  const roundMs = quick ? 150 : 1_000;
  const exact = await createExactEngine();
  const engines = [
    exact,
    await createTfjsEngine((message) => process.stderr.write(`${message}\n`)),
  ];
  const python = await pythonWithTorch();
  if (python === undefined) process.stderr.write("no python3 with torch: left out\n");
  const results: TrainResult[] = [];
  for (const name of MODELS) {
    const model = parseLayersModel(presetModel(name, INPUT));
    const rates: [string, number][] = [];
    for (const engine of engines) {
      rates.push([engine.name, await measure(engine, model, roundMs)]);
    }
    if (python !== undefined) rates.push(["pytorch", await measureTorch(python, name, roundMs)]);
    for (const [engine, samplesPerSecond] of rates) {
      results.push({
        model: name,
        engine,
        samplesPerSecond: Math.round(samplesPerSecond),
        gflops: Math.round((samplesPerSecond * model.flopsPerSample) / 1e8) / 10,
      });
    }
  }
  const checkpoints: CheckpointResult[] = [];
  for (const name of MODELS) checkpoints.push(await measureCheckpoints(exact, name));
  return { results, checkpoints, ...(await measureStart()) };
}

interface Run {
  readonly trainer: Trainer;
  step(): void;
}

async function openRun(engine: Engine, model: LayersModel, momentum: number): Promise<Run> {
  const trainer = await engine.open(model, {
    optimizer: { kind: "sgd", learningRate: 0.01, momentum },
    batchSize: BATCH_SIZE,
  });
  trainer.load(initialParameters(model, new Uint8Array(SEED_BYTES)));
  const random = new Random(new Uint8Array(SEED_BYTES));
  const inputs = Float32Array.from({ length: BATCH_SIZE * model.inputSize }, () =>
    random.uniform(),
  );
  const labels = Int32Array.from({ length: BATCH_SIZE }, () => random.below(model.classes));
  let seed = 0;
  const step = (): void => {
    trainer.step(inputs, labels, BATCH_SIZE, seed++);
  };
  for (let index = 0; index < WARM_UP_STEPS; index++) step();
  return { trainer, step };
}

async function measure(engine: Engine, model: LayersModel, roundMs: number): Promise<number> {
  const { trainer, step } = await openRun(engine, model, 0);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, meanMs(step, roundMs));
  trainer.dispose();
  return (BATCH_SIZE * 1_000) / best;
}

/** Mean milliseconds of processor time over as many calls as fit. */
function meanMs(call: () => void, roundMs: number): number {
  const start = processorMs();
  let calls = 0;
  let elapsed = 0;
  while (elapsed < roundMs) {
    call();
    calls++;
    elapsed = processorMs() - start;
  }
  return elapsed / calls;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function measureCheckpoints(engine: Engine, name: string): Promise<CheckpointResult> {
  const model = parseLayersModel(presetModel(name, INPUT));
  const { trainer, step } = await openRun(engine, model, 0.9);
  const checkpoint = (): void => {
    checkpointHash({
      parameters: trainer.parameters(),
      optimizerState: trainer.optimizerState(),
    });
  };
  let [stepMs, checkpointMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    stepMs = Math.min(stepMs, meanMs(step, 150));
    checkpointMs = Math.min(checkpointMs, meanMs(checkpoint, 50));
  }
  trainer.dispose();
  const training = (ROUND_SAMPLES / BATCH_SIZE) * stepMs;
  return {
    model: name,
    checkpointMs: rounded(checkpointMs),
    stepMs: rounded(stepMs),
    percent: rounded((100 * (SEGMENTS + 1) * checkpointMs) / training),
  };
}

const run = promisify(execFile);

async function pythonWithTorch(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    if (python.startsWith("/") && !existsSync(python)) continue;
    const found = await run(python, ["-c", "import torch"]).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return undefined;
}

async function measureTorch(python: string, name: string, roundMs: number): Promise<number> {
  const script = fileURLToPath(new URL("train-torch.py", import.meta.url));
  const { stdout } = await run(python, [script, name, `${BATCH_SIZE}`, `${roundMs}`, `${ROUNDS}`]);
  return Number(stdout);
}

/** Processor time in a fresh process that already runs TypeScript, the best of a few. */
async function measureStart(): Promise<{ importMs: number; readyMs: number }> {
  const engine = new URL("../../ml/exact/engine.ts", import.meta.url).href;
  const other = new URL("../../ml/exact/sha256.ts", import.meta.url).href;
  const script = `
    const ms = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
    await import(${JSON.stringify(other)});
    const start = ms();
    const { createExactEngine } = await import(${JSON.stringify(engine)});
    const imported = ms();
    await createExactEngine();
    console.log(JSON.stringify([imported - start, ms() - imported]));`;
  const times: (readonly [number, number])[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const args = ["--input-type=module", "--eval", script];
    times.push(JSON.parse((await run(process.execPath, args)).stdout));
  }
  return {
    importMs: rounded(Math.min(...times.map(([imported]) => imported))),
    readyMs: rounded(Math.min(...times.map(([, ready]) => ready))),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
