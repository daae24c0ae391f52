/**
 * Hashes the drawn part of a claim again and says what was found. Whatever fails on this node's side is thrown, never
 * blamed on the participant.
 */

import { unreachable } from "../../../chain/committee/seal.ts";
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { digestsProof, leafDigest, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { ALL_SEGMENTS, type Audit } from "../../../chain/types/audit.ts";
import type { Job } from "../../../chain/types/job.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import { MAX_CLAIMS_BYTES } from "../../../chain/workload/search/claims-file.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import {
  type ClaimKey,
  claimLeaves,
  type SearchedUnit,
  segmentLeaf,
} from "../../../chain/workload/search/segment-leaf.ts";
import { segmentAt, segmentCount } from "../../../chain/workload/search/segments.ts";
import { taskOf } from "../../../ml/search/task-of.ts";
import type { BlobPeers } from "../../blobs/blob-peers.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { Clock } from "../../clock.ts";
import { inMemory } from "../../workers/blob-source.ts";
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import { TurnUse } from "../../workers/turn-use.ts";
import type { AuditExchange, ServedRun } from "../audit-exchange.ts";
import { ASK_PART, ASK_PAUSE_MS, fetchBlob, fetchRun, UPDATE_PART } from "../fetch-served.ts";
import type { Finding, JudgeOptions } from "../replay-finding.ts";
import type { AlgorithmFiles } from "./algorithm-files.ts";
import type { ClaimReader } from "./claim-reader.ts";
import { type Span, type Spans, spanSize } from "./leases/span.ts";
import { isFaultOfClaim } from "./replay-fault.ts";

export interface JudgeClaimModules {
  readonly algorithms: Pick<AlgorithmFiles, "source">;
  readonly workers: Pick<SearchWorkers, "searchReplay">;
  readonly claims: ClaimReader;
  readonly exchange: Pick<AuditExchange, "ask">;
  readonly blobs: Pick<BlobStore, "get">;
  readonly peers: Pick<BlobPeers, "request">;
  readonly clock: Pick<Clock, "monotonic" | "sleep" | "timeout">;
  /** Public key of a node. */
  keyOf(node: number): Uint8Array;
}

/** @throws BlobError, WorkerError, the signal's reason: nothing was found then */
export async function judgeClaim(
  job: Job,
  audit: Audit,
  options: JudgeOptions,
  modules: JudgeClaimModules,
): Promise<Finding> {
  const runs = await fetchClaims(job, audit, options, modules);
  if (runs === undefined) return { answer: "not-served" };
  const isAll = audit.segment === ALL_SEGMENTS;
  if (runs === "other") {
    const reached = isAll ? ZERO_HASH : cannotReach("other-update", audit);
    return { answer: "mismatch", segment: 0, reached };
  }
  const { from, to } = isAll ? { from: 0, to: audit.units } : segmentAt(audit.units, audit.segment);
  const drawn = partOf(runs, from, to);
  const units = await replayed(() => replayUnits(job, drawn, options, modules));
  const key = { job: job.id, round: audit.round, publicKey: modules.keyOf(audit.node) };
  return isAll
    ? judgeAll(job, audit, key, units, options, modules)
    : judgeSegment(job, audit, key, units, options, modules);
}

/** Needs nothing of the participant but its claims unless it is wrong. */
async function judgeAll(
  job: Job,
  audit: Audit,
  key: ClaimKey,
  units: readonly SearchedUnit[] | undefined,
  options: JudgeOptions,
  modules: JudgeClaimModules,
): Promise<Finding> {
  const leaves = units && claimLeaves(key, audit.base, units);
  if (leaves !== undefined && equalBytes(merkleRoot(leaves), audit.checkpointRoot)) {
    return { answer: "match", proof: leaves };
  }
  const served = await runOf(job, audit, options, modules);
  if (served === undefined) return { answer: "not-served" };
  const differs = leaves?.findIndex((leaf, i) => !isAt(leaf, served, i)) ?? 0;
  return { answer: "mismatch", segment: Math.max(0, differs - 1), reached: ZERO_HASH };
}

async function judgeSegment(
  job: Job,
  audit: Audit,
  key: ClaimKey,
  units: readonly SearchedUnit[] | undefined,
  options: JudgeOptions,
  modules: JudgeClaimModules,
): Promise<Finding> {
  const { segment } = audit;
  const served = await runOf(job, audit, options, modules);
  if (served === undefined) return { answer: "not-served" };
  const mismatch = (reached: Uint8Array): Finding => ({ answer: "mismatch", segment: 0, reached });
  if (units === undefined) return mismatch(cannotReach("no-state", audit));
  if (!isAt(audit.base, served, 0)) return mismatch(cannotReach("other-origin", audit));
  const leaf = segmentLeaf(key, segment, units);
  if (!isAt(leaf, served, segment + 1)) return mismatch(leaf);
  const path = digestsProof(served.digests, segment + 1).siblings;
  return { answer: "match", proof: [leaf, ...path] };
}

function isAt(leaf: Uint8Array, { digests }: ServedRun, index: number): boolean {
  return equalBytes(leafDigest(leaf), digests[index] ?? ZERO_HASH);
}

function runOf(
  job: Job,
  audit: Audit,
  options: JudgeOptions,
  modules: JudgeClaimModules,
): Promise<ServedRun | undefined> {
  return fetchRun(job, audit, segmentCount(audit.units) + 1, options, modules);
}

/**
 * The units of a claim. `other`: the file of this hash is none that an honest node commits to.
 */
async function fetchClaims(
  job: Job,
  audit: Audit,
  options: JudgeOptions,
  modules: JudgeClaimModules,
): Promise<Spans | "other" | undefined> {
  const { clock, blobs, claims } = modules;
  const { updateHash: hash } = audit;
  const until = clock.monotonic() + options.stageMs / UPDATE_PART;
  for (;;) {
    const limitMs = until - clock.monotonic();
    if (limitMs <= 0) return undefined;
    const wanted = { hash, maxBytes: MAX_CLAIMS_BYTES, limitMs };
    const bytes = (await blobs.get(hash)) ?? (await fetchBlob(wanted, options, modules));
    if (bytes !== undefined) {
      const claim = await claims.read(job, audit, inMemory(bytes), options.signal);
      return claim?.runs ?? "other";
    }
    await clock.sleep(Math.min(ASK_PAUSE_MS, options.stageMs / ASK_PART), options.signal);
  }
}

/** Units at these positions of a claim, the last one left out. */
function partOf(runs: Spans, from: number, to: number): Spans {
  const part: Span[] = [];
  let before = 0;
  for (const run of runs) {
    const first = run.from + Math.max(0, from - before);
    const end = Math.min(run.to, run.from + to - before);
    if (first < end) part.push({ from: first, to: end });
    before += spanSize(run);
  }
  return part;
}

/** Runs of units that follow each other are one task. */
async function replayUnits(
  job: Job,
  runs: Spans,
  { deadlineMs, signal }: JudgeOptions,
  { algorithms, workers }: JudgeClaimModules,
): Promise<SearchedUnit[]> {
  const search = searchSpec(job.spec);
  const algorithm = await algorithms.source(job.spec, signal);
  const order = {
    ...taskOf(search),
    algorithm,
    unitBits: search.unitBits,
    jobFrom: search.from,
    jobTo: search.to,
  };
  const all: SearchedUnit[] = [];
  const turnUse = new TurnUse();
  for (const { from, to } of runs) {
    const task = { ...order, from: BigInt(from), to: BigInt(to) };
    all.push(...(await workers.searchReplay(task, { deadlineMs, signal, turnUse })));
  }
  return all;
}

function cannotReach(
  why: Parameters<typeof unreachable>[0],
  { checkpointRoot, segment }: Audit,
): Uint8Array {
  return unreachable(why, checkpointRoot, segment);
}

async function replayed<T>(replay: () => Promise<T>): Promise<T | undefined> {
  try {
    return await replay();
  } catch (error) {
    if (isFaultOfClaim(error)) return undefined;
    throw error;
  }
}
