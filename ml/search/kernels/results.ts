// What a call of search has found so far. Digests are compared as 256-bit numbers with the first byte the highest.

import { DIGEST_BYTES, FIND_BYTES, FINDS, MIN_DIGEST, MIN_NONCE, RUNNING, TARGET } from "./abi";

/** The digest that `note` compares; a kernel writes it here. */
export const DIGEST: usize = memory.data(<i32>DIGEST_BYTES, 16);

let finds: i32 = 0;
let isEmpty: bool = true;

export function begin(): void {
  finds = 0;
  isEmpty = true;
}

/** The first 8 bytes of a digest that matters are at most this number. */
export function bound(): u64 {
  if (isEmpty) return u64.MAX_VALUE;
  const target = bswap<u64>(load<u64>(TARGET));
  const least = bswap<u64>(load<u64>(MIN_DIGEST));
  return target > least ? target : least;
}

/** Notes `DIGEST`; nonces come in rising order. */
export function note(nonce: u64): void {
  if (!isLess(TARGET, DIGEST)) {
    const find = FINDS + <usize>finds * FIND_BYTES;
    store<u64>(find, nonce);
    memory.copy(find + 8, DIGEST, DIGEST_BYTES);
    finds++;
  }
  if (isEmpty || isLess(DIGEST, MIN_DIGEST)) {
    isEmpty = false;
    store<u64>(MIN_NONCE, nonce);
    memory.copy(MIN_DIGEST, DIGEST, DIGEST_BYTES);
  }
}

/** @param running XOR of the first 8 bytes of all digests, as they lie in memory */
export function finish(running: u64): i32 {
  store<u64>(RUNNING, running);
  return finds;
}

function isLess(a: usize, b: usize): bool {
  for (let at: usize = 0; at < DIGEST_BYTES; at += 8) {
    const left = bswap<u64>(load<u64>(a + at));
    const right = bswap<u64>(load<u64>(b + at));
    if (left != right) return left < right;
  }
  return false;
}
