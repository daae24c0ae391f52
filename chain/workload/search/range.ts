/**
 * A range of nonces and its slices. A lease is divided into equal slices, so that a proof of search has the same size
 * however large the lease is. For each slice the proof has the smallest digest, and a running digest that nobody knows
 * without having hashed the whole slice.
 */

export interface SearchRange {
  readonly from: bigint;
  /** One past the last nonce. */
  readonly to: bigint;
}

/** Slices of a lease, at most. */
export const SLICES = 64;

const MANY = BigInt(SLICES);

/**
 * Nonces of every slice except perhaps the last.
 * @throws RangeError for a range without nonces
 */
export function sliceLength({ from, to }: SearchRange): bigint {
  if (from < 0n || to <= from) throw new RangeError(`nonces ${from} to ${to} are no range`);
  return (to - from + MANY - 1n) / MANY;
}

/**
 * 64, or fewer for a range that does not divide: a slice is never empty.
 * @throws RangeError as `sliceLength`
 */
export function sliceCount(range: SearchRange): number {
  const length = sliceLength(range);
  return Number((range.to - range.from + length - 1n) / length);
}

/** @throws RangeError when there is no such slice */
export function sliceAt(range: SearchRange, index: number): SearchRange {
  if (!Number.isInteger(index) || index < 0 || index >= sliceCount(range)) {
    throw new RangeError(`slice ${index} of nonces ${range.from} to ${range.to}`);
  }
  const length = sliceLength(range);
  const from = range.from + BigInt(index) * length;
  return { from, to: from + length < range.to ? from + length : range.to };
}

/** The slice that contains a nonce; undefined outside the range. */
export function sliceOf(range: SearchRange, nonce: bigint): number | undefined {
  if (nonce < range.from || nonce >= range.to) return undefined;
  return Number((nonce - range.from) / sliceLength(range));
}

/**
 * The largest size up to `wanted` that gives 64 slices of a power of two each; below 64 nonces it is `wanted` itself.
 * @param wanted nonces, at least 1
 */
export function evenLease(wanted: bigint): bigint {
  if (wanted < MANY) return wanted;
  let slice = 1n;
  while (2n * slice * MANY <= wanted) slice *= 2n;
  return slice * MANY;
}
