/** A node's one commit in a round of a search: to its claims file, and to the leaves of what it claims. */
import { compareBytes, toHex } from "../../../chain/crypto/hash.ts";
import { merkleRoot } from "../../../chain/proof/hash-tree.ts";
import type { Job } from "../../../chain/types/job.ts";
import { MAX_FINDS } from "../../../chain/types/search.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import { MAX_UINT32 } from "../../../chain/uint-range.ts";
import { mostClaimUnits } from "../../../chain/workload/search/check.ts";
import {
  encodeClaims,
  fitsClaim,
  MAX_CLAIM_RUNS,
} from "../../../chain/workload/search/claims-file.ts";
import { modeOf } from "../../../chain/workload/search/round.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import { claimLeaves } from "../../../chain/workload/search/segment-leaf.ts";
import { workloadOf } from "../../../chain/workload/workloads.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { DutySender } from "../../chain/duty-sender.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { CheckpointKeeper } from "../checkpoint-keeper.ts";
import type { NonceDigests } from "./find-check.ts";
import { unitSpans } from "./leases/span.ts";
import { type SearchedUnits, withoutRunning } from "./searched-units.ts";

export interface SearchCommitOptions {
  /** In the round of the commit. */
  readonly job: Job;
  /** Index of this node. */
  readonly node: number;
  readonly publicKey: Uint8Array;
  readonly workMs: number;
  /** From the close of the round until all was answered for, or patience ended. */
  readonly waitedMs: number;
  /** The part of `waitedMs` until all workers had ended; a worker with a find searches the unit of the find to its end. */
  readonly lastUnitMs: number;
  readonly signal: AbortSignal;
}

export interface SearchCommitModules {
  readonly keeper: Pick<CheckpointKeeper, "begin">;
  readonly blobs: Pick<BlobStore, "putWithheld">;
  readonly duties: Pick<DutySender, "send">;
  readonly digests: NonceDigests;
  readonly log: NodeLog;
}

/** @throws StorageError, BlobError; the signal's reason */
export async function commitSearch(
  units: Pick<SearchedUnits, "claimed" | "finds">,
  { job, node, publicKey, workMs, waitedMs, lastUnitMs, signal }: SearchCommitOptions,
  { keeper, blobs, duties, digests, log }: SearchCommitModules,
): Promise<void> {
  const { id, round, spec } = job;
  // Ahead of the chain a lane may have searched what the chain then had recorded.
  const limit = { units: mostClaimUnits(job), runs: MAX_CLAIM_RUNS };
  const claimed = units.claimed(limit, unitSpans(searchProgress(job).open));
  const { finds } = units;
  const told = await toldFinds(job, finds, signal, digests);
  const file = { job: id, round, node, units: claimed.map(withoutRunning), finds: [...told] };
  const place = { job: id, round, node, units: claimed.length };
  // What others would refuse is not committed to.
  if (!fitsClaim(file, place, searchSpec(spec))) throw new Error("the claims are none");
  const bytes = encodeClaims(file);
  const leaves = claimLeaves({ job: id, round, publicKey }, workloadOf(spec).base(job), claimed);
  const run = await keeper.begin(id, round);
  try {
    await run.finish(leaves);
  } catch (error) {
    await run.discard();
    throw error;
  }
  const updateHash = await blobs.putWithheld(bytes);
  signal.throwIfAborted();
  await duties.send(
    payloadOf("job-commit", {
      job: id,
      round,
      updateHash,
      checkpointRoot: merkleRoot(leaves),
      units: claimed.length,
      workMs: Math.min(Math.round(workMs), MAX_UINT32),
      updateBytes: bytes.length,
    }),
    spec.phaseBlocks,
  );
  const counts = { units: claimed.length, finds: finds.length };
  log.info("search committed", { job: toHex(id), round, ...counts, waitedMs, lastUnitMs });
}

/** The best one alone where that is wanted; else those of the lowest nonces. */
async function toldFinds(
  job: Job,
  finds: readonly bigint[],
  signal: AbortSignal,
  digests: NonceDigests,
): Promise<readonly bigint[]> {
  if (modeOf(job) !== "best") return finds.toSorted(byNumber).slice(0, MAX_FINDS);
  if (finds.length < 2) return finds;
  const found = await digests.of(job.spec, finds, signal);
  const rows = finds.map((nonce, i) => ({ nonce, digest: found[i] ?? WORST }));
  rows.sort((a, b) => compareBytes(a.digest, b.digest));
  return rows.slice(0, 1).map(({ nonce }) => nonce);
}

const WORST = new Uint8Array(32).fill(255);

function byNumber(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
