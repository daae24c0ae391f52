/**
 * A range of nonces and its slices. A lease is cut into equal slices, so that a proof of what was searched has one size
 * however large the lease is: for each slice the smallest digest, and a running digest that nobody knows without having
 * hashed all of it.
 */

export interface SearchRange {
  readonly from: bigint;
  /** One past the last nonce. */
  readonly to: bigint;
}

/** Slices of a lease, at most. */
export const SLICES = 64;

const MANY = BigInt(SLICES);

/** Nonces of every slice but perhaps the last. @throws RangeError for a range without nonces */
export function sliceLength({ from, to }: SearchRange): bigint {
  if (from < 0n || to <= from) throw new RangeError(`nonces ${from} to ${to} are no range`);
  return (to - from + MANY - 1n) / MANY;
}

/** 64, or fewer where the range does not divide: a slice is never empty. @throws RangeError as `sliceLength` */
export function sliceCount(range: SearchRange): number {
  const length = sliceLength(range);
  return Number((range.to - range.from + length - 1n) / length);
}

/** @throws RangeError where there is no such slice */
export function sliceAt(range: SearchRange, index: number): SearchRange {
  if (!Number.isInteger(index) || index < 0 || index >= sliceCount(range)) {
    throw new RangeError(`slice ${index} of nonces ${range.from} to ${range.to}`);
  }
  const length = sliceLength(range);
  const from = range.from + BigInt(index) * length;
  return { from, to: from + length < range.to ? from + length : range.to };
}

/** The slice that a nonce lies in; undefined outside the range. */
export function sliceOf(range: SearchRange, nonce: bigint): number | undefined {
  if (nonce < range.from || nonce >= range.to) return undefined;
  return Number((nonce - range.from) / sliceLength(range));
}

/**
 * The largest size up to `wanted` that gives 64 slices of a power of two each; `wanted` itself below 64 nonces.
 * @param wanted nonces, at least 1
 */
export function evenLease(wanted: bigint): bigint {
  if (wanted < MANY) return wanted;
  let slice = 1n;
  while (2n * slice * MANY <= wanted) slice *= 2n;
  return slice * MANY;
}
