// The first 32 bytes of BLAKE2b-512 of prefix || nonce || suffix.

import { WORD } from "./blake2b-lanes";
import { hashMessages, prepareMessage } from "./blake2b-message";
import { begin, bound, DIGEST, finish, note } from "./results";

export { abi, input, output } from "./abi";

/** 8 words of two lanes. */
const RESULT: usize = memory.data(8 * 16, 16);

export function prepare(prefixBytes: i32, suffixBytes: i32, nonceBytes: i32, bigEndian: i32): void {
  prepareMessage(prefixBytes, suffixBytes, nonceBytes, bigEndian != 0);
}

export function search(from: u64, count: i32): i32 {
  begin();
  let running: u64 = 0;
  let limit: u64 = bound();
  for (let done = 0; done < count; done += 2) {
    const nonce = from + <u64>done;
    hashMessages(nonce, RESULT);
    const lanes = min(count - done, 2);
    for (let lane = 0; lane < lanes; lane++) {
      const head = load<u64>(RESULT + 8 * <usize>lane);
      running ^= head;
      if (bswap<u64>(head) <= limit) {
        take(nonce, lane);
        limit = bound();
      }
    }
  }
  return finish(running);
}

function take(nonce: u64, lane: i32): void {
  for (let word: usize = 0; word < 4; word++) {
    store<u64>(DIGEST + 8 * word, load<u64>(RESULT + word * WORD + 8 * <usize>lane));
  }
  note(nonce + <u64>lane);
}
