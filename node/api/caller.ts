/** Identifies the sender of a request for the limits: the owner by the token, others by their address. */
import type { IncomingMessage } from "node:http";
import { type Place, placeOf } from "../../p2p/peers/place.ts";
import { hasToken } from "./guard.ts";

export interface Caller extends Place {
  readonly isOwner: boolean;
}

const OWNER: Caller = { key: "owner", network: "owner", isOwner: true };

/** A wrong token counts as no token; otherwise each guess would get a budget of its own. */
export function callerOf(request: IncomingMessage, token: string): Caller {
  if (hasToken(request, token)) return OWNER;
  return { ...placeOf(request.socket.remoteAddress ?? ""), isOwner: false };
}
