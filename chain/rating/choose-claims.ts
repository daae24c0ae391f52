/**
 * Which claims of a window are looked at. A claim costs its node little and others some replays, so there are never
 * more than the nodes with weight can replay in their time, and only so many of nodes without weight. Anybody may file
 * any number of claims behind as many smallest bonds: that changes neither what others have to replay nor whether the
 * claims of nodes with weight are looked at.
 */
import { compareBytes, taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawWithoutReplacement } from "../draw/weighted.ts";
import type { State } from "../state/state.ts";
import type { WindowClaim } from "../types/window.ts";
import { flopsOf } from "./formula.ts";

const TAG = "poml/claims/v1";
/** Claims that are looked at however little the nodes weigh. */
const LEAST_CLAIMS = 64;
/** One place for a node without weight to so many with, and so many in any case. */
const RATED_TO_NEW = 4;
const LEAST_NEW = 8;

/** In the order in which they were filed. What is not looked at counts as not claimed. */
export function claimsToCheck(state: State): readonly WindowClaim[] {
  const { claims, drawWeights, meta, height } = state;
  const isRated = ({ node }: WindowClaim): boolean => (drawWeights[node] ?? 0n) > 0n;
  const seed = taggedHash(TAG, meta.mix, uint32Bytes(height));
  const rated = byWeight(state, seed, claims.filter(isRated));
  const places = Math.max(LEAST_NEW, Math.floor(rated.length / RATED_TO_NEW));
  const fresh = byLot(
    state,
    seed,
    claims.filter((claim) => !isRated(claim)),
    places,
  );
  if (rated.length + fresh.length === claims.length) return claims;
  const chosen = new Set([...rated, ...fresh]);
  return claims.filter((claim) => chosen.has(claim));
}

/** Claims that nodes of this weight can replay the drawn segments of in the time for verdicts. */
export function mostClaims({ drawWeights, parameters }: State): number {
  const { verdictBlocks, blockIntervalMs, verifiers, segmentsPerVerifier } = parameters;
  const weight = drawWeights.reduce((sum, one) => sum + one, 0n);
  // A weight of 1 is an operation in a millisecond.
  const operations = weight * BigInt(verdictBlocks) * BigInt(blockIntervalMs);
  const segments = Math.max(1, verifiers * segmentsPerVerifier);
  const claims = operations / (BigInt(segments) * flopsOf(1, parameters));
  return claims < BigInt(LEAST_CLAIMS) ? LEAST_CLAIMS : Number(claims);
}

/** All, or those that are drawn by weight: many small nodes drive out nobody that weighs more than they do. */
function byWeight(
  state: State,
  seed: Uint8Array,
  claims: readonly WindowClaim[],
): readonly WindowClaim[] {
  const most = mostClaims(state);
  if (claims.length <= most) return claims;
  const weights = claims.map(({ node }) => state.drawWeights[node] ?? 0n);
  return drawWithoutReplacement(seed, TAG, weights, most).flatMap((at) => claims[at] ?? []);
}

/** Each node has a number of its own; the lowest get the places. Whoever failed lately comes after all others. */
function byLot(
  { nodes }: State,
  seed: Uint8Array,
  claims: readonly WindowClaim[],
  places: number,
): readonly WindowClaim[] {
  if (claims.length <= places) return claims;
  return claims
    .map((claim) => ({
      claim,
      hasFailed: nodes.at(claim.node).failed > 0 ? 1 : 0,
      number: taggedHash("poml/claims-lot/v1", seed, uint32Bytes(claim.node)),
    }))
    .sort((a, b) => a.hasFailed - b.hasFailed || compareBytes(a.number, b.number))
    .slice(0, places)
    .map(({ claim }) => claim);
}
