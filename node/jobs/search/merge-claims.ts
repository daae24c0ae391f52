/**
 * What a round of searching gave, as every member of the team works it out for itself: claims files by their committed
 * hashes, compared with the log of leases; what is open afterwards, and the finds. Equal claims give equal results.
 */
import { compareBytes } from "../../../chain/crypto/hash.ts";
import { hasCommitted } from "../../../chain/job/phase.ts";
import {
  type Job,
  type Participant,
  UPDATE_CHECKS,
  type UpdateCheck,
} from "../../../chain/types/job.ts";
import {
  MAX_FINDS,
  MAX_GAPS,
  MAX_ROUND_FINDS,
  type SearchFind,
  type SearchResult,
  type UnitRange,
} from "../../../chain/types/search.ts";
import { withoutUnits } from "../../../chain/workload/search/coverage.ts";
import { modeOf } from "../../../chain/workload/search/round.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import { unitShare } from "../../../chain/workload/search/statistics.ts";
import { tallied } from "../../../chain/workload/search/tallies.ts";
import { unitAt, unitOf } from "../../../chain/workload/search/units.ts";
import type { BlobFetcher } from "../../blobs/blob-fetcher.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { Clock } from "../../clock.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import { fetchCommitted, revealLimit } from "../fetch-committed.ts";
import { JobError } from "../job-error.ts";
import type { MergeControl } from "../kind-duties.ts";
import { contributionOf, type RoundOutcome, refusalOf } from "../round-outcome.ts";
import type { Asked } from "../round-outcomes.ts";
import {
  type ClaimsFile,
  emptyClaims,
  isEmptyClaim,
  MAX_CLAIMS_BYTES,
  readClaims,
} from "./claims-file.ts";
import type { NonceDigests } from "./find-check.ts";
import { type Spans, without } from "./leases/span.ts";

/** What the log of a round's leases says, once it is whole. */
export interface ClosedLog {
  /** Units that a node may claim. */
  owned(node: number): Spans;
  /** The node that reported a find first. */
  finderOf(nonce: bigint): number | undefined;
}

export interface MergeClaimsModules {
  readonly fetcher: Pick<BlobFetcher, "fetchFile">;
  readonly blobs: Pick<BlobStore, "get">;
  readonly digests: NonceDigests;
  readonly clock: Pick<Clock, "sleep" | "timeout">;
  readonly log: NodeLog;
  /**
   * The log of the round's leases once it has what claims refer to; undefined when it did not become whole in time.
   */
  logWhen(
    job: Job,
    isEnough: (log: ClosedLog) => boolean,
    patience: AbortSignal,
  ): Promise<ClosedLog | undefined>;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

/** @throws JobError NO_QUORUM when claims that are missing could still make one */
export async function mergeClaims(
  job: Job,
  asked: Asked | undefined,
  { phaseMs, signal }: MergeControl,
  modules: MergeClaimsModules,
): Promise<RoundOutcome> {
  const patience = revealLimit(phaseMs, modules.clock);
  const limit = AbortSignal.any([signal, patience]);
  const committed = job.participants
    .filter(hasCommitted)
    .filter(({ node }) => asked?.only.includes(node) ?? true)
    .sort((a, b) => a.node - b.node);
  const files = await Promise.all(committed.map((one) => filesOf(job, one, limit, modules)));
  signal.throwIfAborted();
  const arrived = files.flat();
  const isLogNeeded = arrived.some(({ participant }) => participant.units > 0);
  const isEnough = (log: ClosedLog): boolean => arrived.every((one) => isOwned(one, log));
  const log = isLogNeeded ? await modules.logWhen(job, isEnough, limit) : NO_LEASES;
  signal.throwIfAborted();
  if (log === undefined) {
    throw new JobError("the log of leases is not whole here, so no claim can be compared with it", {
      code: "NO_QUORUM",
      updates: 0,
      quorum: job.spec.quorum,
    });
  }
  const checked = await Promise.all(
    arrived.map((one) => checkClaims(job, one, log, signal, modules)),
  );
  const kept = checked.flatMap((one) => (one.check === undefined ? [one] : []));
  const refused = checked.flatMap(({ participant, check }) =>
    check === undefined ? [] : [refusalOf(participant, check)],
  );
  for (const { node, check } of refused) {
    const facts = { round: job.round, node, check: UPDATE_CHECKS[check] };
    modules.log.warn("claims of a search left out", facts);
  }
  const { quorum } = job.spec;
  if (kept.length < quorum) {
    if (committed.length - refused.length < quorum) return { kind: "refused", refused };
    throw new JobError(`${kept.length} usable claims, the job needs ${quorum}`, {
      code: "NO_QUORUM",
      updates: kept.length,
      quorum,
    });
  }
  const contributions = kept.map(({ participant }) => contributionOf(participant));
  const value = resultOf(job, kept, log);
  return { kind: "merged", result: { contributions, gain: { selector: 1, value } } };
}

const NO_LEASES: ClosedLog = { owned: () => [], finderOf: () => undefined };

interface Arrived {
  readonly participant: Participant;
  /** Undefined for what no honest node commits to. */
  readonly file: ClaimsFile | undefined;
}

async function filesOf(
  job: Job,
  participant: Participant,
  limit: AbortSignal,
  modules: MergeClaimsModules,
): Promise<Arrived[]> {
  const { node, updateHash } = participant;
  const { id, round } = job;
  if (isEmptyClaim(id, round, participant)) {
    const bytes = emptyClaims(id, round, node);
    return [{ participant, file: readClaims(bytes, job, { ...participant, round }) }];
  }
  const wanted = { peer: modules.peerOf(node), maxBytes: MAX_CLAIMS_BYTES, limit };
  const fetched = await fetchCommitted(updateHash, wanted, modules);
  const bytes = fetched && (await modules.blobs.get(updateHash));
  if (bytes === undefined) return [];
  return [{ participant, file: readClaims(bytes, job, { ...participant, round }) }];
}

/** Whether the log gives a node all that it claims. */
function isOwned({ participant, file }: Arrived, log: ClosedLog): boolean {
  const spans = file?.units.map(({ unit }) => ({ from: Number(unit), to: Number(unit) + 1 })) ?? [];
  return without(spans, log.owned(participant.node)).length === 0;
}

interface Checked {
  readonly participant: Participant;
  readonly file: ClaimsFile;
  readonly finds: readonly Omit<SearchFind, "node">[];
  /** Sum over its units. */
  readonly share: bigint;
  readonly check: undefined;
}

interface Failed {
  readonly participant: Participant;
  readonly check: UpdateCheck;
}

async function checkClaims(
  job: Job,
  { participant, file }: Arrived,
  log: ClosedLog,
  signal: AbortSignal,
  { digests }: MergeClaimsModules,
): Promise<Checked | Failed> {
  if (file === undefined) return { participant, check: "format" };
  if (!isOwned({ participant, file }, log)) return { participant, check: "range" };
  const { spec } = job;
  const search = searchSpec(spec);
  const { finds: nonces, units } = file;
  const found = await digests.of(spec, nonces, signal);
  const finds = nonces.map((nonce, i) => ({
    nonce,
    digest: found[i] ?? new Uint8Array(32).fill(255),
  }));
  if (finds.some(({ digest }) => compareBytes(digest, search.target) > 0)) {
    return { participant, check: "format" };
  }
  const minima = await digests.of(
    spec,
    units.map(({ minNonce }) => minNonce),
    signal,
  );
  const share = units.reduce((sum, { unit }, i) => {
    const { from, to } = unitAt(search, unit);
    return sum + unitShare(to - from, minima[i] ?? new Uint8Array(32));
  }, 0n);
  return { participant, file, finds, share, check: undefined };
}

function resultOf(job: Job, kept: readonly Checked[], log: ClosedLog): SearchResult {
  const { open, tallies } = searchProgress(job);
  const found = newFinds(job, kept, log);
  const finds = recorded(job, found);
  const again = unitsToRepeat(job, found, finds);
  const units = kept.flatMap(({ file }) => file.units.map(({ unit }) => unit));
  const searched = unionOf(units.filter((unit) => !again.has(unit)));
  const shares = kept.map(({ share }) => share);
  const contributions = kept.map(({ participant }) => participant);
  return {
    open: fewGaps(withoutUnits(open, searched), open),
    finds,
    shares,
    alarms: tallied(tallies, contributions, shares).alarms,
  };
}

/** Units with finds for which the record has no room: they stay open, and a later round brings those finds. */
function unitsToRepeat(
  job: Job,
  found: readonly SearchFind[],
  finds: readonly SearchFind[],
): ReadonlySet<bigint> {
  if (modeOf(job) !== "all") return new Set();
  const left = found.filter((find) => !finds.includes(find));
  const search = searchSpec(job.spec);
  return new Set(left.flatMap(({ nonce }) => unitOf(search, nonce) ?? []));
}

function unionOf(units: readonly bigint[]): UnitRange[] {
  const ranges: UnitRange[] = [];
  for (const unit of units.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const last = ranges.at(-1);
    if (last !== undefined && unit <= last.to) {
      if (unit === last.to) ranges[ranges.length - 1] = { from: last.from, to: unit + 1n };
    } else ranges.push({ from: unit, to: unit + 1n });
  }
  return ranges;
}

/**
 * As many gaps as a record holds: where there are more, the shortest searched stretches between two of them count as
 * open again. They are paid, and searched once more.
 * @param before the round; no two of its gaps grow together
 */
export function fewGaps(open: readonly UnitRange[], before: readonly UnitRange[]): UnitRange[] {
  const gaps = [...open];
  const isOne = (from: bigint, to: bigint): boolean =>
    before.some((gap) => gap.from <= from && to <= gap.to);
  while (gaps.length > MAX_GAPS) {
    let best: { readonly at: number; readonly units: bigint } | undefined;
    for (let at = 0; at + 1 < gaps.length; at++) {
      const [gap, next] = [gaps[at], gaps[at + 1]];
      if (gap === undefined || next === undefined || !isOne(gap.from, next.to)) continue;
      const units = next.from - gap.to;
      if (best === undefined || units < best.units) best = { at, units };
    }
    if (best === undefined) break;
    const [gap, next] = gaps.slice(best.at, best.at + 2);
    if (gap === undefined || next === undefined) break;
    gaps.splice(best.at, 2, { from: gap.from, to: next.to });
  }
  return gaps;
}

/**
 * By rising nonce, each once. A find of several nodes belongs to the one that the log names, or else to the one with
 * the lowest index.
 */
function newFinds(job: Job, kept: readonly Checked[], log: ClosedLog): SearchFind[] {
  const { finds: known } = searchProgress(job);
  const byNonce = new Map<bigint, SearchFind>();
  for (const { participant, finds } of kept) {
    for (const { nonce, digest } of finds) {
      if (known.some((find) => find.nonce === nonce)) continue;
      const before = byNonce.get(nonce);
      const { node } = participant;
      if (before === undefined || log.finderOf(nonce) === node) {
        byNonce.set(nonce, { nonce, digest, node });
      }
    }
  }
  return [...byNonce.values()].sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
}

/** Those of the new finds that the record of the round names. */
function recorded(job: Job, finds: readonly SearchFind[]): SearchFind[] {
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
