/** The message of a nonce, byte for byte: what anybody can hash with a tool of their own. */
import type { SearchTask } from "./search-task.ts";

/** `prefix || nonce || suffix`; the nonce must fit its bytes. */
export function messageOf(task: Omit<SearchTask, "target">, nonce: bigint): Uint8Array {
  const { prefix, suffix, nonceBytes, endian } = task;
  const message = new Uint8Array(prefix.length + nonceBytes + suffix.length);
  message.set(prefix);
  for (let i = 0; i < nonceBytes; i++) {
    const shift = 8 * (endian === "little" ? i : nonceBytes - 1 - i);
    message[prefix.length + i] = Number((nonce >> BigInt(shift)) & 0xffn);
  }
  message.set(suffix, prefix.length + nonceBytes);
  return message;
}
