/**
 * The parameters that nodes may change by vote, and the encoding of their values. Parameters that fix when epochs and
 * windows begin are not among them, because a change would divide the past differently. Those of tracks are, because
 * each track stores its own heights.
 */
import { checkParameters } from "../check-parameters.ts";
import type { Parameters } from "../types/genesis.ts";

/** Wire values; append only. */
export const VOTABLE_PARAMETERS = [
  "protocolVersion",
  "blockIntervalMs",
  "maxSeats",
  "maxBlockBytes",
  "feeFloor",
  "feeCap",
  "feeRate",
  "bondPerRating",
  "minBond",
  "unbondingBlocks",
  "unbondingSeconds",
  "evidenceBlocks",
  "evidenceSeconds",
  "slashShare",
  "evidenceReward",
  "skipPenalty",
  "skipShare",
  "weightChange",
  "blockReward",
  "workReward",
  "surpriseChance",
  "surpriseBlocks",
  "verifiers",
  "segmentsPerVerifier",
  "baselineTask",
  "falseWorkShare",
  "energyReference",
  "minPricePerSample",
  "managerShare",
  "maxExtensions",
  "exactEngine",
  "auditShare",
  "secondLook",
  "newcomerAudits",
  "trackInterval",
  "trackBlocks",
  "trackTask",
  "minPricePerTeraflop",
  "unitOperations",
] as const satisfies readonly (keyof Parameters)[];
export type VotableParameter = (typeof VOTABLE_PARAMETERS)[number];

const VALUE_BYTES = 32;

/** A value on the wire: an unsigned little-endian integer, or the hash itself. */
export function encodeValue(value: number | bigint | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const bytes = new Uint8Array(VALUE_BYTES);
  let rest = BigInt(value);
  for (let i = 0; i < VALUE_BYTES; i++) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/**
 * The parameters with one value changed.
 * @throws ParameterError when no chain could run with them
 */
export function changed(
  parameters: Parameters,
  name: VotableParameter,
  value: Uint8Array,
): Parameters {
  const next: Parameters = { ...parameters, [name]: decodeValue(parameters[name], value) };
  checkParameters(next);
  return next;
}

/** @param present a value of the same parameter, which shows its type */
export function decodeValue(
  present: number | bigint | Uint8Array,
  value: Uint8Array,
): number | bigint | Uint8Array {
  if (present instanceof Uint8Array) return value;
  let number = 0n;
  for (let i = VALUE_BYTES - 1; i >= 0; i--) number = (number << 8n) | BigInt(value[i] ?? 0);
  return typeof present === "bigint" ? number : Number(number);
}
