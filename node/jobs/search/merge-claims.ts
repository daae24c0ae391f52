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
import type { SearchFind, SearchResult, UnitRange } from "../../../chain/types/search.ts";
import { isEmptyClaim, MAX_CLAIMS_BYTES } from "../../../chain/workload/search/claims-file.ts";
import { withoutUnits } from "../../../chain/workload/search/coverage.ts";
import { modeOf } from "../../../chain/workload/search/round.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import { tallied } from "../../../chain/workload/search/tallies.ts";
import { unitOf } from "../../../chain/workload/search/units.ts";
import type { BlobFetcher } from "../../blobs/blob-fetcher.ts";
import type { Clock } from "../../clock.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { BlobSource } from "../../workers/blob-source.ts";
import type { WeighedClaims } from "../../workers/kinds/claims/task.ts";
import { WorkerError } from "../../workers/worker-error.ts";
import { fetchCommitted, revealLimit } from "../fetch-committed.ts";
import { JobError } from "../job-error.ts";
import type { MergeControl } from "../kind-duties.ts";
import { contributionOf, type RoundOutcome, refusalOf } from "../round-outcome.ts";
import type { Asked } from "../round-outcomes.ts";
import type { ClaimReader } from "./claim-reader.ts";
import { claimedRuns } from "./claimed-runs.ts";
import { type ClaimedRuns, GivenClaims, isGiven, type OwnedBy } from "./given-claims.ts";
import { type Span, type Spans, spansOf, unitSpans, without } from "./leases/span.ts";
import { limitGaps } from "./limit-gaps.ts";
import { newFinds, recordedFinds } from "./round-finds.ts";

/** What the log of a round's leases says, once it is whole. */
export interface ClosedLog {
  /** Units that a node may claim. */
  owned(node: number): Spans;
  /** The node that reported a find first. */
  finderOf(nonce: bigint): number | undefined;
}

export interface MergeClaimsModules {
  readonly fetcher: Pick<BlobFetcher, "fetchFile">;
  readonly claims: ClaimReader;
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

/** Share of the phase after which claims that are not weighed yet count as not arrived: the record needs time, too. */
const WEIGH_SHARE = 0.6;
const LEAST_WEIGH_MS = 2_000;

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
  const late = modules.clock.timeout(Math.max(LEAST_WEIGH_MS, Math.floor(phaseMs * WEIGH_SHARE)));
  const ends = { limit, weighed: AbortSignal.any([signal, late]) };
  const read = committed.map((one) => claimOf(job, one, ends, modules));
  const arrived = (await Promise.all(read)).flat();
  signal.throwIfAborted();
  const isLogNeeded = arrived.some(({ participant }) => participant.units > 0);
  const given = new GivenClaims(arrived.map(runsOf));
  const isEnough = (log: ClosedLog): boolean => given.areAll(ownedBy(log));
  const log = isLogNeeded ? await modules.logWhen(job, isEnough, limit) : NO_LEASES;
  signal.throwIfAborted();
  if (log === undefined) {
    throw new JobError("the log of leases is not whole here, so no claim can be compared with it", {
      code: "NO_QUORUM",
      updates: 0,
      quorum: job.spec.quorum,
    });
  }
  const checked = arrived.flatMap((one) => checkClaim(job, one, log));
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
  /** Units that the log must give for it to count. */
  readonly runs: Spans;
  /** Undefined where it was not weighed, since a check failed before or the log lacks its units. */
  readonly claim: WeighedClaims | undefined;
  /** That failed before it was weighed, whatever the log says. */
  readonly check: UpdateCheck | undefined;
}

const EMPTY: WeighedClaims = { runs: [], finds: [], share: 0n };

interface Ends {
  /** Of the wait for a file. */
  readonly limit: AbortSignal;
  /** Of the work on it. */
  readonly weighed: AbortSignal;
}

/**
 * Hashes nothing for a claim of units that the log does not give, or that are not open.
 * @returns nothing for a claim that did not come before the limit, or that could not be weighed here in time
 */
async function claimOf(
  job: Job,
  participant: Participant,
  ends: Ends,
  modules: MergeClaimsModules,
): Promise<Arrived[]> {
  const { node, units, updateHash } = participant;
  const { id, round } = job;
  const { limit } = ends;
  if (isEmptyClaim(id, round, participant)) {
    return [{ participant, runs: [], claim: EMPTY, check: undefined }];
  }
  const wanted = { peer: modules.peerOf(node), maxBytes: MAX_CLAIMS_BYTES, limit };
  const fetched = await fetchCommitted(updateHash, wanted, modules);
  if (fetched === undefined) return [];
  const { source } = fetched;
  const runs = await claimedRuns(source, units);
  const failed = (check: UpdateCheck): Arrived[] => [
    { participant, runs: [], claim: undefined, check },
  ];
  if (runs === undefined) return failed("format");
  if (!isOpen(job, runs)) return failed("range");
  const given = new GivenClaims([{ node, runs }]);
  const isEnough = (log: ClosedLog): boolean => given.areAll(ownedBy(log));
  const log = runs.length === 0 ? NO_LEASES : await modules.logWhen(job, isEnough, limit);
  // A member that has just started has no log yet, and may have it in time.
  const isLogHere = log !== undefined || limit.aborted;
  if (isLogHere && (log === undefined || !isEnough(log))) {
    return [{ participant, runs, claim: undefined, check: undefined }];
  }
  const claim = await weighed(job, participant, source, ends, modules);
  if (claim === "late") return [];
  if (claim === undefined) return failed("format");
  return [{ participant, runs, claim, check: undefined }];
}

async function weighed(
  { id, spec, round }: Job,
  participant: Participant,
  source: BlobSource,
  { weighed: end }: Ends,
  { claims, log }: MergeClaimsModules,
): Promise<WeighedClaims | "late" | undefined> {
  try {
    return await claims.read({ id, spec }, { ...participant, round }, source, end);
  } catch (error) {
    // One claim must not keep the others from their record; nor is it the node's fault.
    if (!end.aborted && !isTooLong(error)) throw error;
    const { node } = participant;
    const reason = String(error);
    log.warn("claims of a search could not be weighed in time", { round, node, reason });
    return "late";
  }
}

function isTooLong(error: unknown): boolean {
  const { facts } = error instanceof WorkerError ? error : {};
  switch (facts?.code) {
    case "DEADLINE":
    case "NO_WORKER":
    case "ATTEMPTS":
      return true;
    case "TASK_FAILED":
      return facts.reason === "ALGORITHM_ENDLESS";
    default:
      return false;
  }
}

function runsOf({ participant: { node }, runs }: Arrived): ClaimedRuns {
  return { node, runs };
}

function ownedBy(log: ClosedLog): OwnedBy {
  return (node) => log.owned(node);
}

/** What an earlier round recorded is paid there, and not again. */
function isOpen(job: Job, runs: Spans): boolean {
  return without(runs, unitSpans(searchProgress(job).open)).length === 0;
}

interface Checked {
  readonly participant: Participant;
  readonly claim: WeighedClaims;
  readonly check: undefined;
}

interface Failed {
  readonly participant: Participant;
  readonly check: UpdateCheck;
}

/** @returns nothing for a claim that was not weighed, though the log gives its units by now: it came too late */
function checkClaim(job: Job, arrived: Arrived, log: ClosedLog): (Checked | Failed)[] {
  const { participant, claim, check } = arrived;
  const failed = (why: UpdateCheck): Failed[] => [{ participant, check: why }];
  if (check !== undefined) return failed(check);
  if (!isGiven(runsOf(arrived), ownedBy(log))) return failed("range");
  if (claim === undefined) return [];
  const { target } = searchSpec(job.spec);
  if (claim.finds.some(({ digest }) => compareBytes(digest, target) > 0)) return failed("format");
  return [{ participant, claim, check: undefined }];
}

function resultOf(job: Job, kept: readonly Checked[], log: ClosedLog): SearchResult {
  const { open, tallies } = searchProgress(job);
  const claims = kept.map(({ participant: { node }, claim }) => ({ node, ...claim }));
  const found = newFinds(job, claims, (nonce) => log.finderOf(nonce));
  const finds = recordedFinds(job, found);
  const claimed = rangesOf(claims.flatMap(({ runs }) => runs));
  const searched = withoutUnits(claimed, rangesOf(unitsToRepeat(job, found, finds)));
  const shares = claims.map(({ share }) => share);
  const contributions = kept.map(({ participant }) => participant);
  return {
    open: limitGaps(withoutUnits(open, searched), open),
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
): readonly Span[] {
  if (modeOf(job) !== "all") return [];
  const search = searchSpec(job.spec);
  const left = found.filter((find) => !finds.includes(find));
  return left.flatMap(({ nonce }) => {
    const unit = unitOf(search, nonce);
    return unit === undefined ? [] : [{ from: Number(unit), to: Number(unit) + 1 }];
  });
}

/** Any units, as a set. */
function rangesOf(units: readonly Span[]): UnitRange[] {
  return spansOf(units).map(({ from, to }) => ({ from: BigInt(from), to: BigInt(to) }));
}
