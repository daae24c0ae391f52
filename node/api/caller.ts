/** Whose request it is, as far as limits go: the owner's by the token, others by where they come from. */
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import type { Spender } from "./fair-part.ts";
import { hasToken } from "./guard.ts";

/** `key`: an IPv4 address, or the /64 of an IPv6 address, which has one owner. `network`: the /24 or /48 around it. */
export interface Caller extends Spender {
  readonly isOwner: boolean;
}

const OWNER: Caller = { key: "owner", network: "owner", isOwner: true };

/** A wrong token counts as none: else each guess would have a purse of its own. */
export function callerOf(request: IncomingMessage, token: string): Caller {
  if (hasToken(request, token)) return OWNER;
  return { ...placeOf(request.socket.remoteAddress ?? ""), isOwner: false };
}

/** Where an address of a socket belongs. */
export function placeOf(address: string): Spender {
  // IPv4 as a socket for both kinds shows it.
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
