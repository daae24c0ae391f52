/** Draws the verifiers of a claim with their segments, and the committee for a dispute. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawNodes } from "../draw/frozen-weights.ts";
import type { State } from "../state/state.ts";
import { MAX_VERIFIERS, ZERO_HASH } from "../types/primitive.ts";
import { type Check, COMMITTEE_SIZE, type WindowClaim } from "../types/window.ts";
import { claimsToCheck } from "./choose-claims.ts";
import { drawSegments, type Place, segmentsOf } from "./draw-segments.ts";
import { MISMATCH, NOT_SERVED } from "./verdict.ts";

/** The claims of a caught cheat are checked so many times as closely. */
const PROBATION_CHECKS = 4;
/** The largest number of segments for one verifier. */
const MAX_EACH = 16;

/** Draws verifiers by weight, excluding the claimant, and the segments that each of them replays. */
export function drawChecks(state: State): void {
  state.claims = claimsToCheck(state).map((claim) => ({
    ...claim,
    checks: checksOf(state, claim),
  }));
}

function checksOf(state: State, claim: WindowClaim): Check[] {
  const { verifiers, segmentsPerVerifier } = state.parameters;
  const isOnProbation = state.nodes.at(claim.node).probation > 0;
  const wanted = segmentsPerVerifier * (isOnProbation ? PROBATION_CHECKS : 1);
  const each = Math.min(MAX_EACH, wanted, segmentsOf(claim.lanes));
  const tag = "poml/verifiers/v1";
  const seed = taggedHash(tag, state.meta.mix, uint32Bytes(claim.node));
  const drawn = drawNodes(state, {
    seed,
    tag,
    count: Math.min(verifiers, MAX_VERIFIERS),
    mayTake: (node) => node !== claim.node,
  });
  const places = drawSegments(seed, claim.lanes, { verifiers: drawn.length, each });
  return drawn.flatMap((verifier, i) =>
    (places[i] ?? []).map((place) => ({ verifier, ...place, verdict: 0 })),
  );
}

/**
 * The segment that a committee must check: the first one that a verifier reports as a mismatch; if there is none, the
 * first one that was not served.
 */
export function disputed({ checks }: WindowClaim): Check | undefined {
  return (
    checks.find(({ verdict }) => verdict === MISMATCH) ??
    checks.find(({ verdict }) => verdict === NOT_SERVED)
  );
}

/** The same segment, whichever node checks it. */
export function isSamePlace(a: Place, b: Place): boolean {
  return a.lane === b.lane && a.segment === b.segment;
}

/**
 * Calls a committee for the disputed segment of a claim, excluding the claimant. In a small network, accusers fill
 * places that would stay empty, and after them the verifiers that know the segment's end as the start of the next one.
 * Three members must agree in any case.
 */
export function drawCommittee(state: State, claim: WindowClaim): WindowClaim {
  const dispute = disputed(claim);
  if (dispute === undefined) return claim;
  const { lane, segment } = dispute;
  const tag = "poml/committee/v1";
  const seed = taggedHash(tag, state.meta.mix, uint32Bytes(claim.node));
  const standing = standingOf(claim, dispute);
  const members: number[] = [];
  for (const wanted of ["other", "accuser", "knows-end"] as const) {
    const mayTake = (node: number): boolean =>
      node !== claim.node && (standing.get(node) ?? "other") === wanted;
    const count = COMMITTEE_SIZE - members.length;
    members.push(...drawNodes(state, { seed, tag, count, mayTake }));
  }
  const appeal = {
    ...claim.appeal,
    lane,
    segment,
    members: members.map((verifier) => {
      return { verifier, verdict: 0, seal: ZERO_HASH, reached: ZERO_HASH };
    }),
    opened: ZERO_HASH,
  };
  return { ...claim, appeal };
}

type Standing = "accuser" | "knows-end";

/** The standing of verifiers that are less impartial than other nodes. */
function standingOf({ checks }: WindowClaim, dispute: Check): ReadonlyMap<number, Standing> {
  const standing = new Map<number, Standing>();
  const next = { lane: dispute.lane, segment: dispute.segment + 1 };
  for (const check of checks) {
    const isAccusing =
      check.verdict === MISMATCH || check.verdict === NOT_SERVED || isSamePlace(check, dispute);
    if (isSamePlace(check, next)) standing.set(check.verifier, "knows-end");
    else if (isAccusing && !standing.has(check.verifier)) standing.set(check.verifier, "accuser");
  }
  return standing;
}

export function isComplete(checks: readonly Check[]): boolean {
  return checks.every(({ verdict }) => verdict !== 0);
}
