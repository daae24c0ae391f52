// prefix || nonce || suffix as blocks of BLAKE2b in two lanes, of which only the words of the nonce change. Blocks before
// the nonce are hashed once.

import { MAX_PART, PREFIX, SUFFIX } from "./abi";
import { BLOCK_BYTES, compress, START, WORD } from "./blake2b-lanes";

const MAX_BYTES: i32 = (2 * MAX_PART + 8 + BLOCK_BYTES - 1) & -BLOCK_BYTES;
const BLOCK: usize = 16 * WORD;
/** Digests of 64 bytes without a key. */
const PARAMETERS: u64 = 0x01010040;

const bytes: usize = memory.data(MAX_BYTES);
/** One word more than the blocks have, so that two words always follow the nonce's first byte. */
const words: usize = memory.data((MAX_BYTES / 8 + 1) * 16, 16);
const midstate: usize = memory.data(8 * 16, 16);

let length: i32 = 0;
let firstBlock: i32 = 0;
/** Where the nonce starts: its first word, and the bits of that word before it. */
let nonceWord: usize = 0;
let nonceShift: u64 = 0;
let fixed0: u64 = 0;
let fixed1: u64 = 0;
let isBig: bool = false;
let nonceBits: u64 = 0;

export function prepareMessage(
  prefixBytes: i32,
  suffixBytes: i32,
  nonceBytes: i32,
  bigEndian: bool,
): void {
  length = prefixBytes + nonceBytes + suffixBytes;
  memory.fill(bytes, 0, MAX_BYTES);
  memory.copy(bytes, PREFIX, prefixBytes);
  memory.copy(bytes + prefixBytes + nonceBytes, SUFFIX, suffixBytes);
  for (let at: usize = 0; at < <usize>MAX_BYTES; at += 8) {
    v128.store(words + 2 * at, v128.load64_splat(bytes + at));
  }
  isBig = bigEndian;
  nonceBits = <u64>nonceBytes << 3;
  nonceWord = words + <usize>(prefixBytes >> 3) * WORD;
  nonceShift = <u64>(prefixBytes & 7) << 3;
  fixed0 = load<u64>(nonceWord);
  fixed1 = load<u64>(nonceWord + WORD);
  for (let word: usize = 0; word < 8; word++) {
    v128.store(midstate + word * WORD, v128.load64_splat(START + 8 * word));
  }
  v128.store(midstate, v128.xor(v128.load(midstate), i64x2.splat(PARAMETERS)));
  firstBlock = prefixBytes / BLOCK_BYTES;
  for (let block = 0; block < firstBlock; block++) addBlock(midstate, block, midstate);
}

// @ts-expect-error: decorator
@inline
function addBlock(state: usize, block: i32, result: usize): void {
  const end = (block + 1) * BLOCK_BYTES;
  compress(state, words + <usize>block * BLOCK, min(end, length), end >= length, result);
}

/** Puts two nonces into the message, the first into lane 0. */
// @ts-expect-error: decorator
@inline
function setNonces(nonce: u64): void {
  for (let lane: usize = 0; lane < 2; lane++) {
    const one = nonce + lane;
    const value = isBig ? bswap<u64>(one) >> (64 - nonceBits) : one;
    const at = nonceWord + 8 * lane;
    store<u64>(at, fixed0 | (value << nonceShift));
    store<u64>(at + WORD, nonceShift == 0 ? fixed1 : fixed1 | (value >> (64 - nonceShift)));
  }
}

/** Hashes the messages of two nonces. @param result 8 words of two lanes */
export function hashMessages(nonce: u64, result: usize): void {
  setNonces(nonce);
  addBlock(midstate, firstBlock, result);
  for (let block = firstBlock + 1; block * BLOCK_BYTES < length; block++) {
    addBlock(result, block, result);
  }
}
