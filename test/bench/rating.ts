/**
 * What a rating rests on, measured: how much one machine's windows differ, whether splitting the
 * machine into several identities gains anything, and what verification costs beside the work.
 */

import { standardParameters } from "../../chain/genesis.ts";
import { capacityOf, flopsOf } from "../../chain/rating/formula.ts";
import { type LaneResult, runLane } from "../../ml/baseline/lane.ts";
import { replaySegment } from "../../ml/baseline/replay.ts";
import { DEFAULT_TASK } from "../../ml/baseline/task.ts";
import type { Engine } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { encodeCheckpoint } from "../../ml/training/checkpoint.ts";
import type { BenchOptions } from "./main.ts";

export interface RatingResult {
  readonly windows: number;
  readonly windowSeconds: number;
  /** Micro-GFLOP/s. */
  readonly meanCapacity: number;
  /** Standard deviation over mean of the measured capacities of one machine. */
  readonly coefficientOfVariation: number;
  /** The same for the rated capacity, the median of five. */
  readonly ratedCoefficientOfVariation: number;
  /** Capacity of k identities taking turns on one thread, over that of one. */
  readonly splitGain: Readonly<Record<string, number>>;
  /** Replaying a segment, over working it. */
  readonly replayCost: number;
  /** Share of a machine's time that verifying others takes with standard parameters. */
  readonly verificationShare: number;
}

const STEPS = 60;
const SPLIT_SECONDS = 3;
const DAY_SECONDS = 86_400;

export async function bench({ quick }: BenchOptions): Promise<RatingResult> {
  const windows = quick ? 8 : 20;
  const seconds = quick ? 1 : 5;
  const engine = await createExactEngine();
  await capacityIn(engine, 0, seconds);
  const capacities: number[] = [];
  for (let window = 0; window < windows; window++) {
    capacities.push(await capacityIn(engine, window, seconds));
  }
  const rated = capacities.map((_, i) => median(capacities.slice(Math.max(0, i - 4), i + 1)));
  const splitGain: Record<string, number> = {};
  for (const keys of quick ? [2] : [2, 4]) {
    splitGain[String(keys)] = round(await splitGainOf(engine, keys, quick ? 1 : 5));
  }
  const { replayCost, segmentSeconds } = await replayCosts(engine);
  return {
    windows,
    windowSeconds: seconds,
    meanCapacity: Math.round(mean(capacities)),
    coefficientOfVariation: round(variation(capacities)),
    ratedCoefficientOfVariation: round(variation(rated.slice(4))),
    splitGain,
    replayCost: round(replayCost),
    verificationShare: verificationShare(segmentSeconds),
  };
}

async function worked(engine: Engine, seed: number, untilMs: number): Promise<LaneResult> {
  const options = { seed: new Uint8Array(32).fill(seed), stepsPerSegment: STEPS, untilMs };
  const lane = runLane(options, { engine, clock: performance });
  for (;;) {
    const { done, value } = await lane.next();
    if (done === true) return value;
  }
}

async function capacityIn(engine: Engine, seed: number, seconds: number): Promise<number> {
  const { segments } = await worked(engine, seed, performance.now() + 1000 * seconds);
  return capacityBy(segments, seconds);
}

function capacityBy(segments: number, seconds: number): number {
  const flops = flopsOf(segments, { segmentSteps: STEPS, baselineTask: DEFAULT_TASK });
  return Number(capacityOf(flops, BigInt(Math.round(1000 * seconds))));
}

/**
 * k lanes share one thread for a whole window, as k identities on one machine would. Windows of one lane
 * alone go before and after each of these, since the machine's speed drifts; the median of the ratios.
 */
async function splitGainOf(engine: Engine, keys: number, pairs: number): Promise<number> {
  const ratios: number[] = [];
  let before = await sharedCapacity(engine, 1);
  for (let pair = 0; pair < pairs; pair++) {
    const split = await sharedCapacity(engine, keys);
    const after = await sharedCapacity(engine, 1);
    ratios.push(split / mean([before, after]));
    before = after;
  }
  return median(ratios);
}

async function sharedCapacity(engine: Engine, keys: number): Promise<number> {
  const untilMs = performance.now() + 1000 * SPLIT_SECONDS;
  const lanes = Array.from({ length: keys }, (_, i) => worked(engine, 100 + i, untilMs));
  const results = await Promise.all(lanes);
  return results.reduce((sum, { segments }) => sum + capacityBy(segments, SPLIT_SECONDS), 0);
}

/** A segment worked, and the same one replayed from its start state. */
async function replayCosts(
  engine: Engine,
): Promise<{ replayCost: number; segmentSeconds: number }> {
  const seed = new Uint8Array(32).fill(9);
  const stepsPerSegment = 10 * STEPS;
  const states: Uint8Array[] = [];
  const lane = runLane(
    { seed, stepsPerSegment, maxSegments: 4 },
    {
      engine,
      clock: performance,
      onCheckpoint: (_, state) => states.push(encodeCheckpoint(state)),
    },
  );
  const startedAt = performance.now();
  for (;;) if ((await lane.next()).done === true) break;
  const workedMs = (performance.now() - startedAt) / 4;
  let replayedMs = 0;
  for (let index = 0; index < 4; index++) {
    const from = performance.now();
    const startState = states[index] ?? new Uint8Array(0);
    await replaySegment({ seed, index, stepsPerSegment, startState }, { engine });
    replayedMs += (performance.now() - from) / 4;
  }
  const { segmentSteps } = standardParameters(new Uint8Array(32));
  const segmentSeconds = (replayedMs / 1000) * (segmentSteps / stepsPerSegment);
  return { replayCost: replayedMs / workedMs, segmentSeconds };
}

/** Every node verifies as many claims as are made of it: all windows of a day, standard parameters. */
function verificationShare(segmentSeconds: number): number {
  const parameters = standardParameters(new Uint8Array(32));
  const { blockIntervalMs, windowInterval, epochBlocks, surpriseChance } = parameters;
  const blocksADay = (DAY_SECONDS * 1000) / blockIntervalMs;
  const surprises = (blocksADay / epochBlocks) * (surpriseChance / 1e6);
  const windowsADay = blocksADay / windowInterval + surprises;
  const replays = windowsADay * parameters.verifiers * parameters.segmentsPerVerifier;
  return Number(((replays * segmentSeconds) / DAY_SECONDS).toFixed(6));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2))) / center;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
