/**
 * What a node claims of its search in a round: the units that the lease log gives it, with the nonce of the smallest
 * digest of each, and its finds. The commit on the chain is the SHA-256 of this file; it is secret until all have
 * committed. Running digests are never in it.
 */
import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { equalBytes, sha256 } from "../../crypto/hash.ts";
import { decodeSsz } from "../../decode.ts";
import { DecodeError } from "../../errors.ts";
import { Hash, Uint16, Uint32, Uint64 } from "../../types/primitive.ts";
import { MAX_FINDS } from "../../types/search.ts";
import { MAX_CLAIM_UNITS } from "./check.ts";
import { type Cut, unitAt, unitCount } from "./units.ts";

const ClaimedUnit = new ContainerType(
  { unit: Uint64, minNonce: Uint64 },
  { typeName: "ClaimedUnit", jsonCase: "eth2" },
);
export type ClaimedUnit = ValueOf<typeof ClaimedUnit>;

const ClaimsFile = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    /** Index of the node. */
    node: Uint32,
    /** By number, each once. */
    units: new ListCompositeType(ClaimedUnit, MAX_CLAIM_UNITS),
    /** Nonces, in order; also those in units that are not claimed. */
    finds: new ListBasicType(Uint64, MAX_FINDS),
  },
  { typeName: "ClaimsFile", jsonCase: "eth2" },
);
export type ClaimsFile = ValueOf<typeof ClaimsFile>;

/** What comes before the units in a file. */
export const CLAIM_HEAD_BYTES: number = ClaimsFile.minSize;
/** Each begins with the number of the unit, 8 bytes. */
export const CLAIMED_UNIT_BYTES: number = ClaimedUnit.minSize;

/** The largest number of runs of units in one claim, so that a node that merges claims needs little memory for each. */
export const MAX_CLAIM_RUNS = 16_384;
export const MAX_CLAIMS_BYTES = 64 + 16 * MAX_CLAIM_UNITS + 8 * MAX_FINDS;

export function encodeClaims(file: ClaimsFile): Uint8Array {
  return ClaimsFile.serialize(file);
}

/** Whose claim it is, and of how many units, by its commit. */
export interface ClaimPlace {
  /** Id of the job. */
  readonly job: Uint8Array;
  readonly round: number;
  /** Index of the node. */
  readonly node: number;
  readonly units: number;
}

/**
 * A claim so far as it can be checked without hashing.
 * @param bytes whose SHA-256 was committed to
 * @returns undefined for what no honest node commits to
 */
export function readClaims(bytes: Uint8Array, place: ClaimPlace, cut: Cut): ClaimsFile | undefined {
  let file: ClaimsFile;
  try {
    file = decodeSsz("claims file", ClaimsFile, bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  return fitsClaim(file, place, cut) ? file : undefined;
}

/** Whether an honest node can commit to it. */
export function fitsClaim(file: ClaimsFile, place: ClaimPlace, cut: Cut): boolean {
  const { job, round, node, units } = place;
  const isTheirs = equalBytes(file.job, job) && file.round === round && file.node === node;
  if (!isTheirs || file.units.length !== units) return false;
  const count = unitCount(cut);
  let next = 0n;
  let runs = 0;
  for (const { unit, minNonce } of file.units) {
    if (unit < next || unit >= count) return false;
    const { from, to } = unitAt(cut, unit);
    if (minNonce < from || minNonce >= to) return false;
    if (unit !== next || runs === 0) runs++;
    next = unit + 1n;
  }
  if (runs > MAX_CLAIM_RUNS) return false;
  let after = cut.from;
  for (const nonce of file.finds) {
    if (nonce < after || nonce >= cut.to) return false;
    after = nonce + 1n;
  }
  return true;
}

/** The file of a node that searched nothing is known without fetching it. */
export function emptyClaims(job: Uint8Array, round: number, node: number): Uint8Array {
  return encodeClaims({ job, round, node, units: [], finds: [] });
}

/** Whether a commit of 0 units can stand for nothing but an empty file. */
export function isEmptyClaim(
  job: Uint8Array,
  round: number,
  { node, updateHash }: { readonly node: number; readonly updateHash: Uint8Array },
): boolean {
  return equalBytes(sha256(emptyClaims(job, round, node)), updateHash);
}
