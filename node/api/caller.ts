/** Whose request it is, as far as limits go: the owner's by the token, others by where they come from. */
import type { IncomingMessage } from "node:http";
import { type Place, placeOf } from "../../p2p/peers/place.ts";
import { hasToken } from "./guard.ts";

export interface Caller extends Place {
  readonly isOwner: boolean;
}

const OWNER: Caller = { key: "owner", network: "owner", isOwner: true };

/** A wrong token counts as none: else each guess would have a purse of its own. */
export function callerOf(request: IncomingMessage, token: string): Caller {
  if (hasToken(request, token)) return OWNER;
  return { ...placeOf(request.socket.remoteAddress ?? ""), isOwner: false };
}
