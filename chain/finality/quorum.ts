/** The two thresholds of Tendermint over weights. They are strict, and in bigint, so that rounding cannot matter. */

/** More than 2/3 of the total ("2f+1"): two such sets share a correct seat. */
export function isQuorum(weight: bigint, total: bigint): boolean {
  return 3n * weight > 2n * total;
}

/** More than 1/3 of the total ("f+1"): such a set contains a correct seat. */
export function exceedsThird(weight: bigint, total: bigint): boolean {
  return 3n * weight > total;
}
