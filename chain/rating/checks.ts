/** Who replays which segment of a claim, and the committee before which a dispute goes. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawWithoutReplacement } from "../draw/weighted.ts";
import type { State } from "../state/state.ts";
import { MAX_VERIFIERS, ZERO_HASH } from "../types/primitive.ts";
import { type Check, COMMITTEE_SIZE, type WindowClaim } from "../types/window.ts";
import { drawSegments, segmentsOf } from "./draw-segments.ts";
import { MISMATCH } from "./verdict.ts";
import { weights } from "./weight.ts";

/** A caught cheat's claims are looked at so many times as closely. */
const PROBATION_CHECKS = 4;
/** Segments for one verifier at most. */
const MAX_EACH = 16;

/** Draws verifiers by weight, never the claimant, and the segments each of them replays. */
export function drawChecks(state: State): void {
  const all = weights(state);
  state.claims = state.claims.map((claim) => ({ ...claim, checks: checksOf(state, claim, all) }));
}

function checksOf(state: State, claim: WindowClaim, all: readonly bigint[]): Check[] {
  const { verifiers, segmentsPerVerifier } = state.parameters;
  const isOnProbation = state.nodes.at(claim.node).probation > 0;
  const wanted = segmentsPerVerifier * (isOnProbation ? PROBATION_CHECKS : 1);
  const each = Math.min(MAX_EACH, wanted, segmentsOf(claim.lanes));
  const seed = taggedHash("poml/verifiers/v1", state.meta.mix, uint32Bytes(claim.node));
  const others = all.map((weight, index) => (index === claim.node ? 0n : weight));
  const drawn = drawWithoutReplacement(
    seed,
    "poml/verifiers/v1",
    others,
    Math.min(verifiers, MAX_VERIFIERS),
  );
  const places = drawSegments(seed, claim.lanes, { verifiers: drawn.length, each });
  return drawn.flatMap((verifier, i) =>
    (places[i] ?? []).map((place) => ({ verifier, ...place, verdict: 0 })),
  );
}

/** The first segment of which a verifier says that it does not match. */
export function disputed({ checks }: WindowClaim): Check | undefined {
  return checks.find(({ verdict }) => verdict === MISMATCH);
}

/**
 * Brings the disputed segment of a claim before a committee of others: not the claimant, no accuser,
 * and nobody who got the segment's end as the start of the next one.
 */
export function drawCommittee(state: State, claim: WindowClaim): WindowClaim {
  const dispute = disputed(claim);
  if (dispute === undefined) return claim;
  const { lane, segment } = dispute;
  const isBiased = (check: Check): boolean =>
    check.verdict === MISMATCH || (check.lane === lane && check.segment === segment + 1);
  const biased = claim.checks.filter(isBiased).map(({ verifier }) => verifier);
  const excluded = new Set([claim.node, ...biased]);
  const seed = taggedHash("poml/committee/v1", state.meta.mix, uint32Bytes(claim.node));
  const all = weights(state).map((weight, index) => (excluded.has(index) ? 0n : weight));
  const members = drawWithoutReplacement(seed, "poml/committee/v1", all, COMMITTEE_SIZE).map(
    (verifier) => ({ verifier, verdict: 0, seal: ZERO_HASH }),
  );
  return { ...claim, appeal: { lane, segment, members, opened: ZERO_HASH } };
}

export function isComplete(checks: readonly Check[]): boolean {
  return checks.every(({ verdict }) => verdict !== 0);
}
