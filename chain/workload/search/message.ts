/** The message that is hashed for a nonce: prefix, nonce, suffix. */
import { SEARCH_ENDIANS, type SearchSpec } from "../../types/search.ts";

type Messages = Pick<SearchSpec, "prefix" | "suffix" | "nonceBytes" | "endian">;

export function searchMessage(
  { prefix, suffix, nonceBytes, endian }: Messages,
  nonce: bigint,
): Uint8Array {
  const bytes = new Uint8Array(prefix.length + nonceBytes + suffix.length);
  bytes.set(prefix);
  bytes.set(suffix, prefix.length + nonceBytes);
  const isLittle = SEARCH_ENDIANS[endian] === "little";
  for (let i = 0; i < nonceBytes; i++) {
    const byte = Number((nonce >> BigInt(8 * i)) & 0xffn);
    bytes[prefix.length + (isLittle ? i : nonceBytes - 1 - i)] = byte;
  }
  return bytes;
}
