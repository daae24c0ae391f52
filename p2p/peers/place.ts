/** The place of an address: its network, and the part of the address that rate limits count as one caller. */
import { isIPv6 } from "node:net";

export interface Place {
  /** An IPv4 address, or the /64 of an IPv6 address: one owner has all of it. */
  readonly key: string;
  /** What one owner of many addresses most likely has: an IPv4 /24 or an IPv6 /48. */
  readonly network: string;
}

/** @param address as a socket reports it */
export function placeOf(address: string): Place {
  // An IPv4 address as a dual-stack socket reports it.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return { key: plain, network: `${plain.replace(/\.\d+$/, "")}.0/24` };
  const [head = "", tail = ""] = plain.split("::");
  const [first, last] = [head, tail].map((part) => (part === "" ? [] : part.split(":")));
  const zeros = Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => "0");
  const groups = [...(first ?? []), ...zeros, ...(last ?? [])];
  return {
    key: `${groups.slice(0, 4).join(":")}::/64`,
    network: `${groups.slice(0, 3).join(":")}::/48`,
  };
}
