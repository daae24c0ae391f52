/** What the findings on a claim come to, for its node and for those who made them. */
import { PROOF, type Ruling } from "../committee/ruling.ts";
import type { Appeal, Check, WindowClaim } from "../types/window.ts";
import { type PublicKeyOf, rulingOn } from "./appeal.ts";
import { isSamePlace } from "./checks.ts";
import { MATCH, MISMATCH, NOT_SERVED } from "./verdict.ts";

/**
 * window: verified, at least in part. mismatch: proven false. not-served: proven to keep back what was claimed.
 * unproven: claimed, and nobody could verify or refute it. decay: no claim.
 */
type Outcome = "window" | "mismatch" | "not-served" | "unproven" | "decay";

/** Node lists are ascending, nobody is in one twice. */
export interface Judgement {
  readonly outcome: Outcome;
  /** False where committees came to nothing on an accusation: the claim says nothing new about the capacity. */
  readonly isMeasured: boolean;
  /** Of the findings given those that hold for the claimant: so much of the claim counts. */
  readonly verified: number;
  readonly given: number;
  /** Those who showed that work was false. */
  readonly provers: readonly number[];
  /** Those who said what at least PROOF members refuted. */
  readonly wrong: readonly number[];
  /** Members never heard, where at least PROOF others replayed the segment. */
  readonly silent: readonly number[];
}

/** @param publicKeyOf of a node index */
export function judge({ checks, appeal }: WindowClaim, publicKeyOf: PublicKeyOf): Judgement {
  const ruling = rulingOn(appeal, publicKeyOf);
  const accusers = accusersOf(checks, appeal);
  // Whoever was refuted once is not believed about the others.
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
 * A match holds. An accusation does not where the committee replayed the segment to the claimed end; and
 * where most of a committee was served, the node does not withhold, whoever else was not served.
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

/** Who said of the disputed segment that it does not match. */
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
 * As in audits: fewer than PROOF who replayed may be friends of a claimant that serves nobody else. Verifiers lose
 * nothing but their pay by silence.
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
