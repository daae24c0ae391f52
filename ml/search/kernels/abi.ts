// What every algorithm exports besides prepare and search, and where the host writes and reads. The whole interface is
// written in docs/search-algorithms.md.

/** Nonces of one call of search, at most. */
const MAX_COUNT: i32 = 1 << 14;
/** Bytes of the prefix or the suffix, at most. */
export const MAX_PART: i32 = 256;
export const DIGEST_BYTES: usize = 32;
/** A nonce with its digest. */
export const FIND_BYTES: usize = 8 + DIGEST_BYTES;

export const TARGET: usize = memory.data(32 + 2 * MAX_PART, 16);
export const PREFIX: usize = TARGET + 32;
export const SUFFIX: usize = PREFIX + MAX_PART;

export const MIN_NONCE: usize = memory.data(48 + MAX_COUNT * <i32>FIND_BYTES, 16);
export const MIN_DIGEST: usize = MIN_NONCE + 8;
export const RUNNING: usize = MIN_NONCE + 40;
export const FINDS: usize = MIN_NONCE + 48;

export function abi(): i32 {
  return 1;
}

export function input(): usize {
  return TARGET;
}

export function output(): usize {
  return MIN_NONCE;
}
