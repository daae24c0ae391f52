/**
 * All errors of the p2p room. The action of an error decides what it does to the other side's score: `reject` means
 * that the other side is provably at fault, `ignore` means bad luck or congestion, and `local` means that we caused it,
 * so no peer pays for it.
 */
import { type ErrorAction, PomlError } from "../chain/errors.ts";

export type P2pFacts =
  | { code: "BAD_ADDRESS"; address: string; reason: string }
  | { code: "BAD_OPTION"; option: string; reason: string }
  | { code: "BAD_PEER_ID"; peer: string; reason: string }
  | { code: "BAD_MESSAGE"; peer: string; topic: string; reason: string }
  | { code: "BAD_REQUEST"; peer: string; protocol: string; reason: string }
  | { code: "BAD_RESPONSE"; peer: string; protocol: string; reason: string }
  | { code: "BUSY"; peer: string; protocol: string; waiting: number; waitedMs: number }
  | { code: "CANCELLED"; peer: string; protocol: string }
  | { code: "DIAL_FAILED"; address: string; reason: string }
  | { code: "FRAME_TOO_LARGE"; limit: number; size: number }
  | { code: "MESSAGE_TOO_LARGE"; topic: string; limit: number; size: number }
  | { code: "NOT_CONNECTED"; peer: string }
  | { code: "NOT_FOUND"; what: string }
  | { code: "NOT_STARTED"; operation: string }
  | { code: "OVERLOADED"; topic: string; limit: number }
  | { code: "PEER_DENIED"; peer: string; untilMs: number }
  | { code: "PORT_IN_USE"; address: string; option: string }
  | { code: "RATE_LIMITED"; peer: string; protocol: string }
  | { code: "REMOTE_ERROR"; peer: string; protocol: string; remoteCode: string }
  | { code: "REQUEST_TOO_LARGE"; protocol: string; limit: number; size: number }
  | { code: "RESPONSE_TOO_LARGE"; peer: string; protocol: string; limit: number }
  | { code: "STREAM_FAILED"; peer: string; protocol: string; reason: string }
  | { code: "TIMEOUT"; peer: string; protocol: string; timeoutMs: number }
  | { code: "UNSUPPORTED_PROTOCOL"; peer: string; protocol: string }
  | { code: "WRONG_BLOB"; peer: string; expected: string; actual: string }
  | { code: "WRONG_NETWORK"; peer: string; expected: string; actual: string };

/** What each code means for the sender's score, unless the thrower passes an action of its own. */
const ACTIONS: Readonly<Record<P2pFacts["code"], ErrorAction>> = {
  BAD_ADDRESS: "local",
  BAD_OPTION: "local",
  BAD_PEER_ID: "local",
  BAD_MESSAGE: "reject",
  BAD_REQUEST: "reject",
  BAD_RESPONSE: "reject",
  BUSY: "local",
  CANCELLED: "local",
  DIAL_FAILED: "ignore",
  FRAME_TOO_LARGE: "reject",
  MESSAGE_TOO_LARGE: "reject",
  NOT_CONNECTED: "ignore",
  NOT_FOUND: "ignore",
  NOT_STARTED: "local",
  OVERLOADED: "local",
  PEER_DENIED: "local",
  PORT_IN_USE: "local",
  RATE_LIMITED: "ignore",
  REMOTE_ERROR: "ignore",
  REQUEST_TOO_LARGE: "local",
  RESPONSE_TOO_LARGE: "reject",
  STREAM_FAILED: "ignore",
  TIMEOUT: "ignore",
  UNSUPPORTED_PROTOCOL: "ignore",
  WRONG_BLOB: "reject",
  WRONG_NETWORK: "reject",
};

export interface P2pErrorOptions {
  readonly action?: ErrorAction;
  readonly remedy?: string;
  readonly cause?: unknown;
}

export class P2pError extends PomlError<P2pFacts> {
  constructor(message: string, facts: P2pFacts, options: P2pErrorOptions = {}) {
    super(message, facts, { action: ACTIONS[facts.code], ...options });
  }
}

/** The message of any thrown value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
