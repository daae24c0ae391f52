// SHA-256 of prefix || nonce || suffix.

import { hashMessages, prepareMessage } from "./sha256-message";
import { beginSearch, endSearch, RESULT, takeResult } from "./sha256-search";

export { abi, input, output } from "./abi";

export function prepare(prefixBytes: i32, suffixBytes: i32, nonceBytes: i32, bigEndian: i32): void {
  prepareMessage(prefixBytes, suffixBytes, nonceBytes, bigEndian != 0);
}

export function search(from: u64, count: i32): i32 {
  beginSearch();
  for (let done = 0; done < count; done += 4) {
    const nonce = from + <u64>done;
    hashMessages(nonce, RESULT);
    takeResult(nonce, min(count - done, 4));
  }
  return endSearch();
}
