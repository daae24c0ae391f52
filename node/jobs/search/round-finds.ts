/** The finds of a round, as its record names them. */
import { compareBytes } from "../../../chain/crypto/hash.ts";
import type { Job } from "../../../chain/types/job.ts";
import { MAX_FINDS, MAX_ROUND_FINDS, type SearchFind } from "../../../chain/types/search.ts";
import { modeOf } from "../../../chain/workload/search/round.ts";
import { searchProgress } from "../../../chain/workload/search/search-of.ts";

export interface NodeFinds {
  readonly node: number;
  readonly finds: readonly Omit<SearchFind, "node">[];
}

/**
 * By rising nonce, each once. A find of several nodes belongs to the one that the log names, or else to the one with
 * the lowest index.
 * @param claims in order of the nodes
 */
export function newFinds(
  job: Job,
  claims: readonly NodeFinds[],
  finderOf: (nonce: bigint) => number | undefined,
): SearchFind[] {
  const { finds: known } = searchProgress(job);
  const byNonce = new Map<bigint, SearchFind>();
  for (const { node, finds } of claims) {
    for (const { nonce, digest } of finds) {
      if (known.some((find) => find.nonce === nonce)) continue;
      const before = byNonce.get(nonce);
      if (before === undefined || finderOf(nonce) === node) {
        byNonce.set(nonce, { nonce, digest, node });
      }
    }
  }
  return [...byNonce.values()].sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
}

/** Those of the new finds that the record of the round names. */
export function recordedFinds(job: Job, finds: readonly SearchFind[]): SearchFind[] {
  const { finds: known } = searchProgress(job);
  switch (modeOf(job)) {
    case "first":
      return finds.slice(0, 1);
    case "all":
      return finds.slice(0, Math.min(MAX_ROUND_FINDS, MAX_FINDS - known.length));
    case "best": {
      const [best] = finds.toSorted((a, b) => compareBytes(a.digest, b.digest));
      const [before] = known;
      if (best === undefined) return [];
      return before === undefined || compareBytes(best.digest, before.digest) < 0 ? [best] : [];
    }
    default:
      throw new RangeError("no such mode");
  }
}
