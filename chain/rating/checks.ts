/** Who replays which segment of a claim, and the committee before which a dispute goes. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawBelow, drawWithoutReplacement } from "../draw/weighted.ts";
import type { State } from "../state/state.ts";
import { VERDICTS } from "../types/node.ts";
import { MAX_VERIFIERS } from "../types/primitive.ts";
import { type Check, COMMITTEE_SIZE, type LaneClaim, type WindowClaim } from "../types/window.ts";
import { weights } from "./weight.ts";

/** A caught cheat's claims are looked at so many times as closely. */
const PROBATION_CHECKS = 4;

type Verdict = (typeof VERDICTS)[number];

export function verdictCode(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict) + 1;
}

export const MATCH = verdictCode("match");
export const MISMATCH = verdictCode("mismatch");
export const NOT_SERVED = verdictCode("not-served");

/** Draws verifiers by weight, never the claimant, and the segments each of them replays. */
export function drawChecks(state: State): void {
  const all = weights(state);
  state.claims = state.claims.map((claim) => ({ ...claim, checks: checksOf(state, claim, all) }));
}

function checksOf(state: State, claim: WindowClaim, all: readonly bigint[]): Check[] {
  const { verifiers, segmentsPerVerifier } = state.parameters;
  const isOnProbation = state.nodes.at(claim.node).probation > 0;
  const each = Math.min(16, segmentsPerVerifier * (isOnProbation ? PROBATION_CHECKS : 1));
  const seed = taggedHash("poml/verifiers/v1", state.meta.mix, uint32Bytes(claim.node));
  const others = all.map((weight, index) => (index === claim.node ? 0n : weight));
  const drawn = drawWithoutReplacement(
    seed,
    "poml/verifiers/v1",
    others,
    Math.min(verifiers, MAX_VERIFIERS),
  );
  const total = segmentsOf(claim.lanes);
  return drawn.flatMap((verifier, i) =>
    Array.from({ length: each }, (_, j) => {
      const at = drawBelow(seed, "poml/verified-segment/v1", i * each + j, BigInt(total));
      return { verifier, ...placeOf(claim.lanes, Number(at)), verdict: 0 };
    }),
  );
}

export function segmentsOf(lanes: readonly LaneClaim[]): number {
  return lanes.reduce((sum, { segments }) => sum + segments, 0);
}

/** The lane and the segment in it of a position in all segments. */
function placeOf(lanes: readonly LaneClaim[], at: number): { lane: number; segment: number } {
  let segment = at;
  for (const [lane, { segments }] of lanes.entries()) {
    if (segment < segments) return { lane, segment };
    segment -= segments;
  }
  throw new RangeError(`segment ${at} is beyond the claim`);
}

/** The first segment of which a verifier says that it does not match. */
export function disputed({ checks }: WindowClaim): Check | undefined {
  return checks.find(({ verdict }) => verdict === MISMATCH);
}

/** Brings the disputed segment of a claim before a committee of others. */
export function drawCommittee(state: State, claim: WindowClaim): WindowClaim {
  const dispute = disputed(claim);
  if (dispute === undefined) return claim;
  const seed = taggedHash("poml/committee/v1", state.meta.mix, uint32Bytes(claim.node));
  const accusers = claim.checks
    .filter(({ verdict }) => verdict === MISMATCH)
    .map(({ verifier }) => verifier);
  const all = weights(state).map((weight, index) =>
    index === claim.node || accusers.includes(index) ? 0n : weight,
  );
  const members = drawWithoutReplacement(seed, "poml/committee/v1", all, COMMITTEE_SIZE);
  const { lane, segment } = dispute;
  return { ...claim, appeal: members.map((verifier) => ({ verifier, lane, segment, verdict: 0 })) };
}

export function isComplete(checks: readonly Check[]): boolean {
  return checks.every(({ verdict }) => verdict !== 0);
}
