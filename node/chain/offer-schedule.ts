/** When a waiting transaction is offered to the neighbours again, and when the owner is informed. */

/** The number of blocks between offers grows up to this. */
const MAX_PAUSE = 16;
const FIRST_TOLD = 8;

/** @param waited blocks since it was first submitted */
export function isOfferDue(waited: number): boolean {
  return waited > 0 && (waited < MAX_PAUSE ? isPowerOfTwo(waited) : waited % MAX_PAUSE === 0);
}

/**
 * Becomes rarer with time.
 * @param waited blocks since it was first submitted
 */
export function isToldDue(waited: number): boolean {
  return waited >= FIRST_TOLD && isPowerOfTwo(waited);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}
