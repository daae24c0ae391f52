/**
 * Chooses the claims of a window that are checked. A claim costs its node little and others some replays, so the number
 * of checked claims never exceeds what the nodes with weight can replay in the given time, and of these only a part is
 * from nodes without weight. Anybody may file any number of claims behind as many smallest bonds. This changes neither
 * how much others must replay, nor whether the claims of nodes with weight are checked.
 */
import { compareBytes, taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawWithoutReplacement } from "../draw/weighted.ts";
import type { State } from "../state/state.ts";
import type { WindowClaim } from "../types/window.ts";
import { flopsOf } from "./formula.ts";

const TAG = "poml/claims/v1";
/** So many claims are checked even if the nodes have little weight. */
const LEAST_CLAIMS = 64;
/** For so many nodes with weight there is one place for a node without weight; there are always so many places. */
const RATED_TO_NEW = 4;
const LEAST_NEW = 8;

/** In the order in which they were filed. A claim that is not chosen counts as not made. */
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

/** The number of claims whose drawn segments nodes of this weight can replay in the time for verdicts. */
export function mostClaims({ drawWeights, parameters }: State): number {
  const { verdictBlocks, blockIntervalMs, verifiers, segmentsPerVerifier } = parameters;
  const weight = drawWeights.reduce((sum, one) => sum + one, 0n);
  // A weight of 1 is one operation per millisecond.
  const operations = weight * BigInt(verdictBlocks) * BigInt(blockIntervalMs);
  const segments = Math.max(1, verifiers * segmentsPerVerifier);
  const claims = operations / (BigInt(segments) * flopsOf(1, parameters));
  return claims < BigInt(LEAST_CLAIMS) ? LEAST_CLAIMS : Number(claims);
}

/** All of them, or those drawn by weight: many small nodes cannot displace a node that weighs more than they do. */
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

/**
 * Each node has a pseudorandom number; the lowest numbers get the places. A node that failed lately comes after all
 * others.
 */
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
