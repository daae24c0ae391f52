/** What the findings on a claim mean for its node, and for the nodes that made the findings. */
import { PROOF, type Ruling } from "../committee/ruling.ts";
import type { Appeal, Check, WindowClaim } from "../types/window.ts";
import { type PublicKeyOf, rulingOn } from "./appeal.ts";
import { isSamePlace } from "./draw-checks.ts";
import { MATCH, MISMATCH, NOT_SERVED } from "./verdict.ts";

/**
 * window: verified, at least in part. mismatch: proven false. not-served: proven to withhold what was claimed.
 * unproven: claimed, but neither verified nor refuted. decay: no claim.
 */
type Outcome = "window" | "mismatch" | "not-served" | "unproven" | "decay";

/** Node lists are ascending, without duplicates. */
export interface Judgement {
  readonly outcome: Outcome;
  /** False if committees reached no result about an accusation: the claim then says nothing new about the capacity. */
  readonly isMeasured: boolean;
  /** The number of findings in favour of the claimant; the claim counts in this proportion. */
  readonly verified: number;
  readonly given: number;
  /** Nodes that showed that the work was false. */
  readonly provers: readonly number[];
  /** Nodes whose statement at least PROOF members refuted. */
  readonly wrong: readonly number[];
  /** Members that were never heard although at least PROOF others replayed the segment. */
  readonly silent: readonly number[];
}

/** @param publicKeyOf of a node index */
export function judge({ checks, appeal }: WindowClaim, publicKeyOf: PublicKeyOf): Judgement {
  const ruling = rulingOn(appeal, publicKeyOf);
  const accusers = accusersOf(checks, appeal);
  // A verifier that was refuted once is not believed about other segments either.
  const isRefuted = ({ verifier, verdict }: Check): boolean =>
    ruling.verdict === "right" && verdict === MISMATCH && accusers.includes(verifier);
  const given = checks.filter(
    (check) => check.verdict !== 0 && (isSamePlace(check, appeal) || !isRefuted(check)),
  );
  const verified = given.filter((check) => holds(check, appeal, ruling)).length;
  return {
    outcome: outcomeOf(ruling, verified),
    isMeasured: appeal.called === 0 || ruling.verdict === "right",
    verified,
    given: given.length,
    provers: ascending(provenBy(ruling, checks)),
    wrong: ascending(wrongBy(ruling, accusers)),
    silent: ascending(silentMembers(appeal, ruling)),
  };
}

/**
 * A match is in favour of the claimant. An accusation is, too, if the committee replayed the segment to the claimed
 * end; or if most of a committee was served, because then the node does not withhold, even if others were not served.
 */
function holds(check: Check, appeal: Appeal, { verdict, matches }: Ruling): boolean {
  if (check.verdict === MATCH) return true;
  if (verdict !== "right") return false;
  const isMostServed = 2 * matches.length > appeal.members.length;
  return isSamePlace(check, appeal) || (check.verdict === NOT_SERVED && isMostServed);
}

function outcomeOf({ verdict }: Ruling, verified: number): Outcome {
  if (verdict === "mismatch" || verdict === "not-served") return verdict;
  return verified > 0 ? "window" : "unproven";
}

function provenBy({ verdict, agreeing }: Ruling, checks: readonly Check[]): readonly number[] {
  if (verdict !== "mismatch") return [];
  const accusers = checks.filter((check) => check.verdict === MISMATCH);
  return [...accusers.map(({ verifier }) => verifier), ...agreeing];
}

/** Verifiers that reported a mismatch in the disputed segment. */
function accusersOf(checks: readonly Check[], appeal: Appeal): number[] {
  return checks
    .filter((check) => check.verdict === MISMATCH && isSamePlace(check, appeal))
    .map(({ verifier }) => verifier);
}

function wrongBy(ruling: Ruling, accusers: readonly number[]): readonly number[] {
  const { verdict, matches, mismatches } = ruling;
  if (verdict === "mismatch") return matches;
  return verdict === "right" && matches.length >= PROOF ? [...accusers, ...mismatches] : [];
}

/**
 * As in audits: fewer than PROOF members that replayed may be friends of a claimant that serves nobody else. A silent
 * verifier loses only its pay.
 */
function silentMembers({ members }: Appeal, ruling: Ruling): readonly number[] {
  const { matches, mismatches, unread } = ruling;
  if (matches.length + mismatches.length < PROOF) return [];
  const silent = members.filter(({ verdict }) => verdict === 0);
  return [...silent.map(({ verifier }) => verifier), ...unread];
}

function ascending(nodes: readonly number[]): number[] {
  return [...new Set(nodes)].sort((a, b) => a - b);
}
