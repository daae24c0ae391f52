// The loop over nonces that sha256 and sha256d share: it hashes four at a time, and compares a digest in full only when
// it may matter.

import { begin, bound, DIGEST, finish, note } from "./results";
import { WORD } from "./sha256-lanes";

/** The digests of four nonces, 8 words of four lanes; a kernel writes them here. */
export const RESULT: usize = memory.data(8 * 16, 16);

let running0: v128 = i32x4.splat(0);
let running1: v128 = i32x4.splat(0);
let limit: v128 = i32x4.splat(0);

export function beginSearch(): void {
  begin();
  running0 = i32x4.splat(0);
  running1 = i32x4.splat(0);
  limit = i32x4.splat(-1);
}

/** @param lanes how many of the four nonces are in the range */
// @ts-expect-error: decorator
@inline
export function takeResult(nonce: u64, lanes: i32): void {
  if (lanes < 4) {
    // The other lanes hash nonces beyond the range: they must leave no trace in the running digest.
    for (let word: usize = 0; word < 2; word++) {
      for (let lane: usize = lanes; lane < 4; lane++) store<u32>(RESULT + word * WORD + 4 * lane, 0);
    }
  }
  const high = v128.load(RESULT);
  running0 = v128.xor(running0, high);
  running1 = v128.xor(running1, v128.load(RESULT, 16));
  if (v128.any_true(i32x4.le_u(high, limit))) look(nonce, lanes);
}

function look(nonce: u64, lanes: i32): void {
  for (let lane: usize = 0; lane < <usize>lanes; lane++) {
    for (let word: usize = 0; word < 8; word++) {
      store<u32>(DIGEST + 4 * word, bswap<u32>(load<u32>(RESULT + word * WORD + 4 * lane)));
    }
    note(nonce + lane);
  }
  limit = i32x4.splat(<i32>(bound() >> 32));
}

export function endSearch(): i32 {
  return finish(<u64>xorLanes(running0) | (<u64>xorLanes(running1) << 32));
}

function xorLanes(x: v128): u32 {
  return bswap<u32>(
    i32x4.extract_lane(x, 0) ^ i32x4.extract_lane(x, 1) ^ i32x4.extract_lane(x, 2) ^ i32x4.extract_lane(x, 3),
  );
}
