/**
 * What a node claims of its search in a round: the units that the lease log gives it, with the nonce of the smallest
 * digest of each, and its finds. The commit on the chain is the SHA-256 of this file; it is secret until all have
 * committed. Running digests are never in it.
 */
import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { equalBytes, sha256 } from "../../../chain/crypto/hash.ts";
import { decodeSsz } from "../../../chain/decode.ts";
import { DecodeError } from "../../../chain/errors.ts";
import type { Job, Participant } from "../../../chain/types/job.ts";
import { Hash, Uint16, Uint32, Uint64 } from "../../../chain/types/primitive.ts";
import { MAX_FINDS } from "../../../chain/types/search.ts";
import { MAX_CLAIM_UNITS } from "../../../chain/workload/search/check.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { unitAt, unitCount } from "../../../chain/workload/search/units.ts";

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

export const MAX_CLAIMS_BYTES = 64 + 16 * MAX_CLAIM_UNITS + 8 * MAX_FINDS;

export function encodeClaims(file: ClaimsFile): Uint8Array {
  return ClaimsFile.serialize(file);
}

/**
 * Of a participant's claim in a round, so far as it can be checked without hashing.
 * @param bytes whose SHA-256 was committed to
 * @returns undefined for what no honest node commits to
 */
export function readClaims(
  bytes: Uint8Array,
  { id, spec }: Pick<Job, "id" | "spec">,
  { round, node, units }: Pick<Participant, "node" | "units"> & Readonly<Record<"round", number>>,
): ClaimsFile | undefined {
  let file: ClaimsFile;
  try {
    file = decodeSsz("claims file", ClaimsFile, bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  const isTheirs = equalBytes(file.job, id) && file.round === round && file.node === node;
  if (!isTheirs || file.units.length !== units) return undefined;
  const search = searchSpec(spec);
  const count = unitCount(search);
  let next = 0n;
  for (const { unit, minNonce } of file.units) {
    if (unit < next || unit >= count) return undefined;
    const { from, to } = unitAt(search, unit);
    if (minNonce < from || minNonce >= to) return undefined;
    next = unit + 1n;
  }
  let after = search.from;
  for (const nonce of file.finds) {
    if (nonce < after || nonce >= search.to) return undefined;
    after = nonce + 1n;
  }
  return file;
}

/** The file of a node that searched nothing is known without fetching it. */
export function emptyClaims(job: Uint8Array, round: number, node: number): Uint8Array {
  return encodeClaims({ job, round, node, units: [], finds: [] });
}

/** Whether a commit of 0 units can stand for nothing but an empty file. */
export function isEmptyClaim(
  job: Uint8Array,
  round: number,
  { node, updateHash }: Pick<Participant, "node" | "updateHash">,
): boolean {
  return equalBytes(sha256(emptyClaims(job, round, node)), updateHash);
}
