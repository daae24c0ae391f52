/** What the chain refuses in an order to search, and in the claim of a participant. */

import { checkIndex, checkRange, refuseField } from "../../transaction-error.ts";
import type { Parameters } from "../../types/genesis.ts";
import type { Job, JobSpec } from "../../types/job.ts";
import { ZERO_HASH } from "../../types/primitive.ts";
import { SEARCH_ENDIANS, SEARCH_MODES, type SearchSpec } from "../../types/search.ts";
import { MAX_UINT32 } from "../../uint-range.ts";
import { countUnits } from "./coverage.ts";
import { lowestPrice } from "./price.ts";
import { searchProgress, searchSpec } from "./search-of.ts";
import { orderedUnits, unitCount, withSecondSearches } from "./units.ts";

/** The largest number of nonces of a search. */
export const MAX_NONCES: bigint = 1n << 56n;
/** The largest number of units of a search. */
const MAX_UNITS: bigint = 1n << 32n;
/** The largest number of units of one claim: its file stays below two megabytes. */
export const MAX_CLAIM_UNITS = 65_536;
/** The largest pay for all units together, and the largest bonus, so that no escrow comes near the limit of 64 bits. */
const MAX_PAY = 1n << 60n;

/** @throws TransactionError BAD_FIELD */
export function checkSearchSpec(spec: JobSpec, parameters: Parameters): void {
  const search = searchSpec(spec);
  if (search.algorithm.every((byte, i) => byte === ZERO_HASH[i])) {
    refuseField("spec.algorithm", "must be the hash of a search algorithm");
  }
  if (search.nonceBytes !== 4 && search.nonceBytes !== 8) {
    refuseField("spec.nonceBytes", `must be 4 or 8, got ${search.nonceBytes}`);
  }
  checkIndex("spec.endian", search.endian, SEARCH_ENDIANS);
  checkIndex("spec.mode", search.mode, SEARCH_MODES);
  checkRange("spec.redundancy", search.redundancy, 0, 100);
  checkRange("spec.unitBits", search.unitBits, 6, 32);
  checkRange("spec.operations", search.operations, 1, MAX_UINT32);
  checkNonces(search);
  const lowest = lowestPrice(spec, parameters);
  if (spec.pricePerUnit < lowest) {
    refuseField(
      "spec.pricePerUnit",
      `at least ${lowest} for a unit of 2^${search.unitBits} hashes of ${search.operations} operations, got ${spec.pricePerUnit}`,
      `give at least ${lowest}`,
    );
  }
  const pay = orderedUnits(search) * spec.pricePerUnit;
  if (pay > MAX_PAY) {
    refuseField("spec.pricePerUnit", `comes to ${pay} for all units; the limit is ${MAX_PAY}`);
  }
  if (search.findBonus > MAX_PAY) {
    refuseField("spec.findBonus", `must be at most ${MAX_PAY}, got ${search.findBonus}`);
  }
}

function checkNonces(search: SearchSpec): void {
  const { from, to, nonceBytes, unitBits } = search;
  if (to <= from) refuseField("spec.to", `must be above ${from}, got ${to}`);
  if (to > 1n << BigInt(8 * nonceBytes)) {
    refuseField(
      "spec.to",
      `must be at most 2^${8 * nonceBytes} with nonces of ${nonceBytes} bytes, got ${to}`,
      "search fewer nonces, or nonces of 8 bytes",
    );
  }
  if (to - from > MAX_NONCES) {
    refuseField(
      "spec.to",
      `gives ${to - from} nonces; the limit is ${MAX_NONCES}`,
      "divide the search into several jobs",
    );
  }
  if (unitCount(search) > MAX_UNITS) {
    refuseField(
      "spec.unitBits",
      `${unitBits} divides the search into ${unitCount(search)} units; the limit is ${MAX_UNITS}`,
      "give larger units",
    );
  }
}

/**
 * A node without a lease claims 0 units.
 * @throws TransactionError BAD_FIELD when no node can have searched so many units in this round
 */
export function checkClaim(job: Job, units: number): void {
  const limit = mostClaimUnits(job);
  if (units > limit) refuseField("units", `at most ${limit} in this round, got ${units}`);
}

/** The largest number of units that one node can claim in this round. */
export function mostClaimUnits(job: Pick<Job, "spec" | "progress">): number {
  const left = withSecondSearches(searchSpec(job.spec), countUnits(searchProgress(job).open));
  return left < BigInt(MAX_CLAIM_UNITS) ? Number(left) : MAX_CLAIM_UNITS;
}
