/** Refuses parameters with which no chain could run, in a genesis and in a vote alike. */

import { PomlError } from "./errors.ts";
import { WHOLE } from "./millionths.ts";
import { BASELINE_TASKS } from "./rating/baseline.ts";
import { trackStages } from "./track/stages.ts";
import { TRACK_TASKS } from "./track/task.ts";
import type { Parameters } from "./types/genesis.ts";
import { MAX_SEATS, MAX_VERIFIERS } from "./types/primitive.ts";
import { MAX_UINT32, MAX_UINT64 } from "./uint-range.ts";

export class ParameterError extends PomlError<{
  code: "BAD_PARAMETER";
  field: keyof Parameters;
  reason: string;
}> {
  constructor(field: keyof Parameters, reason: string) {
    super(`${field} ${reason}`, { code: "BAD_PARAMETER", field, reason });
  }
}

const SHARES = [
  "slashShare",
  "evidenceReward",
  "skipShare",
  "managerShare",
  "falseWorkShare",
  "auditShare",
  "secondLook",
] as const;
const STAGES = [
  "windowBlocks",
  "surpriseBlocks",
  "claimBlocks",
  "verdictBlocks",
  "trackBlocks",
] as const;
/** A claim on probation has four times as many, at most 16 for each verifier. */
const MAX_SEGMENTS_PER_VERIFIER = 16;

type NumericField = Exclude<keyof Parameters, "exactEngine">;

/** Room for the largest transaction: a record with every participant. */
const MIN_BLOCK_BYTES = 32 * 1024;
/** A proposal is sent in one gossip message of twice this size. */
const MAX_BLOCK_BYTES = 1_835_008;
/** A faulty node must still have its bond when its weight is last used: in this epoch and the three after it. */
const UNBONDING_EPOCHS = 4;
/** Heights are below 2^32, and so must be heights that lie some stages ahead. */
const MAX_STAGE_BLOCKS = 2 ** 28;
/** Weights are frozen: a node still votes with its bond for so many epochs after it took the bond out. */
const FROZEN_EPOCHS = 2;

/** @throws ParameterError */
export function checkParameters(parameters: Parameters): void {
  const within = (
    field: NumericField,
    least: number | bigint,
    most: number | bigint = typeof parameters[field] === "bigint" ? MAX_UINT64 : MAX_UINT32,
  ): void => {
    const value = parameters[field];
    if (value < least) throw new ParameterError(field, `is below ${least}`);
    if (value > most) throw new ParameterError(field, `is above ${most}`);
  };
  within("protocolVersion", 1, 0xffff);
  for (const field of ["blockIntervalMs", "epochBlocks", "segmentSteps"] as const) {
    within(field, 1);
  }
  within("maxSeats", 1, MAX_SEATS);
  within("maxBlockBytes", MIN_BLOCK_BYTES, MAX_BLOCK_BYTES);
  within("feeFloor", 0n);
  within("feeCap", parameters.feeFloor);
  within("feeRate", 0, WHOLE);
  within("bondPerRating", 1n);
  within("minBond", 0n);
  within("unbondingBlocks", UNBONDING_EPOCHS * parameters.epochBlocks, MAX_STAGE_BLOCKS);
  within("evidenceBlocks", 1, parameters.unbondingBlocks - FROZEN_EPOCHS * parameters.epochBlocks);
  within("unbondingSeconds", 1);
  within("evidenceSeconds", 0, parameters.unbondingSeconds - 1);
  for (const field of SHARES) {
    within(field, 0, WHOLE);
  }
  within("weightChange", 1, WHOLE);
  within("drawDelay", 1, parameters.epochBlocks);
  within("skipPenalty", 0n);
  within("blockReward", 0n);
  within("workReward", 0n);
  within("windowOffset", 1);
  for (const field of STAGES) {
    within(field, 1, MAX_STAGE_BLOCKS);
  }
  within("windowInterval", parameters.epochBlocks);
  within("surpriseChance", 0, WHOLE);
  within("verifiers", 0, MAX_VERIFIERS);
  within("segmentsPerVerifier", 1, MAX_SEGMENTS_PER_VERIFIER);
  within("baselineTask", 1, BASELINE_TASKS);
  within("trackOffset", 0);
  within("trackTask", 1, TRACK_TASKS);
  if (parameters.trackInterval !== 0) {
    within("trackInterval", trackStages(0, parameters).shownUntil + 1);
  }
  within("ratingHalfLife", 1);
  within("energyReference", 0n);
  within("minPricePerSample", 0n);
  within("minPricePerTeraflop", 0n);
  within("newcomerAudits", 0, 0xffff);
  within("unitOperations", 1n);
  within("maxExtensions", 0, 255);
}
