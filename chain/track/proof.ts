/**
 * The hashes that bind a node to its choices, and a judge to its own result. The hash of a model's outputs is a secret
 * of both: only a node that trained this model with the other's seed, and ran it over the test rows, knows it.
 */
import { sealOf } from "../committee/seal.ts";
import { equalBytes, taggedHash } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { Counts, Recipe, type TrackEntry } from "../types/track.ts";

/** Seed of all randomness in a node's training. Each node has its own, so the result of another is of no use to it. */
export function runSeed(mix: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return taggedHash("poml/track-run/v1", mix, publicKey);
}

/**
 * @param weights SHA-256 of the trained parameters; it cannot be guessed without training, so nobody can try recipes
 */
export function commitmentOf(
  publicKey: Uint8Array,
  recipe: Recipe,
  weights: Uint8Array,
): Uint8Array {
  return taggedHash("poml/track-commit/v1", publicKey, Recipe.hashTreeRoot(recipe), weights);
}

/**
 * What a result says about the outputs before they are shown.
 * @param outputs hash of the outputs
 */
export function outputsDigest(outputs: Uint8Array): Uint8Array {
  return taggedHash("poml/track-outputs/v1", outputs);
}

export interface TrackAnswer {
  readonly weights: Uint8Array;
  readonly counts: readonly number[];
  readonly outputs: Uint8Array;
}

/** One hash of everything that a repetition must reproduce; judges send it under seal. */
export function answerHash({ weights, counts, outputs }: TrackAnswer): Uint8Array {
  const root = Counts.hashTreeRoot([...counts]);
  return taggedHash("poml/track-answer/v1", weights, root, outputs);
}

/** The seal that a judge sends; it is of no use to another judge. */
export function trackSeal(answer: TrackAnswer, publicKey: Uint8Array): Uint8Array {
  return sealOf(answerHash(answer), publicKey);
}

export function hasResult({ counts }: TrackEntry): boolean {
  return counts.length > 0;
}

export function isShown({ outputs }: TrackEntry): boolean {
  return !equalBytes(outputs, ZERO_HASH);
}
