/**
 * No single node may block or control the agreement on blocks: with four voters or more, each of them votes with less
 * than a third of all weight. Any weight above that has no vote. This limits identities, not their owners;
 * docs/rating.md explains what it does not prevent.
 */

/** With fewer voters, at least one of them has a third or more. */
const LIMITED_FROM = 4;

/**
 * Cuts the largest weights to the highest limit that leaves each below a third of the resulting sum.
 * @param weights at least 0 each; only those above 0 vote
 * @returns the weights in the same order
 */
export function limitedVotes(weights: readonly bigint[]): bigint[] {
  const limit = limitOf(weights.filter((weight) => weight > 0n));
  if (limit === undefined) return [...weights];
  return weights.map((weight) => (weight < limit ? weight : limit));
}

/** With k weights at the limit c, and others of sum s, c is below a third if (3 - k) c < s. */
function limitOf(voting: readonly bigint[]): bigint | undefined {
  if (voting.length < LIMITED_FROM) return undefined;
  const [first = 0n, second = 0n, ...rest] = [...voting].sort((a, b) =>
    a === b ? 0 : a > b ? -1 : 1,
  );
  const others = rest.reduce((sum, weight) => sum + weight, 0n);
  const besideOne = (second + others - 1n) / 2n;
  if (first <= besideOne) return undefined;
  return besideOne >= second ? besideOne : others - 1n;
}
