/** What the findings on a claim come to. */
import type { WindowClaim } from "../types/window.ts";
import { MATCH, MISMATCH, NOT_SERVED } from "./checks.ts";

/**
 * window: verified. mismatch: false work. not-served: the node kept back what it claimed. decay: no
 * claim, or nobody looked at it.
 */
export type Outcome = "window" | "mismatch" | "not-served" | "decay";

/**
 * The committee decides about a dispute by the majority of all its members, so that few liars convict
 * nobody; where no committee could be drawn, all verifiers must agree. Without a dispute the
 * majority of the findings given counts.
 */
export function judge(claim: WindowClaim | undefined): Outcome {
  if (claim === undefined) return "decay";
  const { checks, appeal } = claim;
  const isFalse =
    appeal.length > 0
      ? 2 * count(appeal, MISMATCH) > appeal.length
      : checks.length > 0 && count(checks, MISMATCH) === checks.length;
  if (isFalse) return "mismatch";
  const given = checks.filter(({ verdict }) => verdict !== 0).length;
  if (2 * count(checks, NOT_SERVED) > given) return "not-served";
  return 2 * count(checks, MATCH) > given ? "window" : "decay";
}

/** Verifiers who accused a node that turned out honest. */
export function falseAccusers(claim: WindowClaim, outcome: Outcome): number[] {
  if (outcome === "mismatch") return [];
  // Only a committee that found a match clears the claimant beyond doubt.
  if (count(claim.appeal, MATCH) === 0) return [];
  return verifiersWith(claim, MISMATCH);
}

/** Verifiers who showed that work was false. */
export function provers(claim: WindowClaim): number[] {
  return verifiersWith(claim, MISMATCH);
}

/** Drawn and never heard. */
export function silent(claim: WindowClaim): number[] {
  return verifiersWith(claim, 0);
}

function verifiersWith({ checks, appeal }: WindowClaim, verdict: number): number[] {
  const found = [...checks, ...appeal].filter((check) => check.verdict === verdict);
  return [...new Set(found.map(({ verifier }) => verifier))].sort((a, b) => a - b);
}

function count(checks: readonly { readonly verdict: number }[], verdict: number): number {
  return checks.filter((check) => check.verdict === verdict).length;
}
