// prefix || nonce || suffix as padded blocks of SHA-256 in four lanes, of which only the words of the nonce change.
// Blocks before the nonce are hashed once.

import { MAX_PART, PREFIX, SUFFIX } from "./abi";
import { compress, startState, WORD } from "./sha256-lanes";

const MAX_BYTES: i32 = (2 * MAX_PART + 8 + 9 + 63) & ~63;
const BLOCK: usize = 16 * WORD;

const bytes: usize = memory.data(MAX_BYTES);
/** One word more than the blocks have, so that three words always follow the nonce's first byte. */
const words: usize = memory.data((MAX_BYTES / 4 + 2) * 16, 16);
const midstate: usize = memory.data(8 * 16, 16);

let firstBlock: usize = 0;
let endBlock: usize = 0;
/** Where the nonce starts: its first word, and the bits of that word before it. */
let nonceWord: usize = 0;
let nonceShift: u64 = 0;
let fixed0: u32 = 0;
let fixed1: u32 = 0;
let fixed2: u32 = 0;
let isBig: bool = false;
let nonceBits: u64 = 0;

export function prepareMessage(
  prefixBytes: i32,
  suffixBytes: i32,
  nonceBytes: i32,
  bigEndian: bool,
): void {
  const length = prefixBytes + nonceBytes + suffixBytes;
  const padded = (length + 9 + 63) & ~63;
  memory.fill(bytes, 0, padded);
  memory.copy(bytes, PREFIX, prefixBytes);
  memory.copy(bytes + prefixBytes + nonceBytes, SUFFIX, suffixBytes);
  store<u8>(bytes + length, 0x80);
  store<u32>(bytes + padded - 4, bswap<u32>(length << 3));
  for (let at: usize = 0; at < <usize>padded; at += 4) {
    v128.store(words + 4 * at, i32x4.splat(bswap<u32>(load<u32>(bytes + at))));
  }
  isBig = bigEndian;
  nonceBits = <u64>nonceBytes << 3;
  nonceWord = words + <usize>(prefixBytes >> 2) * WORD;
  nonceShift = <u64>(prefixBytes & 3) << 3;
  fixed0 = load<u32>(nonceWord);
  fixed1 = load<u32>(nonceWord + WORD);
  fixed2 = load<u32>(nonceWord + 2 * WORD);
  firstBlock = words + <usize>(prefixBytes >> 6) * BLOCK;
  endBlock = words + <usize>(padded >> 6) * BLOCK;
  startState(midstate);
  for (let block = words; block < firstBlock; block += BLOCK) compress(midstate, block, midstate);
}

/** Puts four nonces into the message, the first into lane 0. */
// @ts-expect-error: decorator
@inline
function setNonces(nonce: u64): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    const one = nonce + lane;
    const big = isBig ? one << (64 - nonceBits) : bswap<u64>(one);
    const at = nonceWord + 4 * lane;
    const shifted = big >> nonceShift;
    store<u32>(at, fixed0 | <u32>(shifted >> 32));
    store<u32>(at + WORD, fixed1 | <u32>shifted);
    store<u32>(at + 2 * WORD, fixed2 | <u32>(big << 32 >> nonceShift));
  }
}

/** Hashes the messages of four nonces. @param result 8 words of four lanes */
// @ts-expect-error: decorator
@inline
export function hashMessages(nonce: u64, result: usize): void {
  setNonces(nonce);
  compress(midstate, firstBlock, result);
  for (let block = firstBlock + BLOCK; block < endBlock; block += BLOCK) {
    compress(result, block, result);
  }
}
