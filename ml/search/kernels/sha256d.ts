// SHA-256 of SHA-256 of prefix || nonce || suffix.

import { compress, startState, WORD } from "./sha256-lanes";
import { hashMessages, prepareMessage } from "./sha256-message";
import { beginSearch, endSearch, RESULT, takeResult } from "./sha256-search";

export { abi, input, output } from "./abi";

const START: usize = memory.data(8 * 16, 16);
/** The first digest as a padded message: its 8 words, then the same 8 each time. */
const SECOND: usize = memory.data(16 * 16, 16);

export function prepare(prefixBytes: i32, suffixBytes: i32, nonceBytes: i32, bigEndian: i32): void {
  prepareMessage(prefixBytes, suffixBytes, nonceBytes, bigEndian != 0);
  startState(START);
  v128.store(SECOND + 8 * WORD, i32x4.splat(0x80000000));
  v128.store(SECOND + 15 * WORD, i32x4.splat(256));
}

export function search(from: u64, count: i32): i32 {
  beginSearch();
  for (let done = 0; done < count; done += 4) {
    const nonce = from + <u64>done;
    hashMessages(nonce, SECOND);
    compress(START, SECOND, RESULT);
    takeResult(nonce, min(count - done, 4));
  }
  return endSearch();
}
