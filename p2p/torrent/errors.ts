/** Errors of torrents. A torrent file comes from outside, so a fault in it is its maker's fault. */
import { type ErrorAction, PomlError } from "../../chain/errors.ts";

export type TorrentFacts =
  | { code: "TORRENT_INVALID"; reason: string }
  | { code: "TORRENT_TOO_LARGE"; what: string; limit: number; size: number }
  | { code: "TORRENT_UNSEEDABLE"; directory: string; reason: string }
  | { code: "TORRENT_UNKNOWN_FILE"; file: string }
  | { code: "TORRENT_UNKNOWN"; infoHash: string }
  | { code: "TORRENT_STALLED"; infoHash: string; stallMs: number; peers: number; missing: number }
  | { code: "TORRENT_CANCELLED"; infoHash: string }
  | { code: "TORRENT_FAILED"; infoHash: string; reason: string }
  | { code: "TORRENT_PORT_IN_USE"; address: string; option: string }
  | { code: "TORRENT_NOT_STARTED"; operation: string };

const ACTIONS: Readonly<Record<TorrentFacts["code"], ErrorAction>> = {
  TORRENT_INVALID: "reject",
  TORRENT_TOO_LARGE: "reject",
  TORRENT_UNSEEDABLE: "local",
  TORRENT_UNKNOWN_FILE: "local",
  TORRENT_UNKNOWN: "local",
  TORRENT_STALLED: "ignore",
  TORRENT_CANCELLED: "local",
  TORRENT_FAILED: "local",
  TORRENT_PORT_IN_USE: "local",
  TORRENT_NOT_STARTED: "local",
};

export interface TorrentErrorOptions {
  readonly remedy?: string;
  readonly cause?: unknown;
}

export class TorrentError extends PomlError<TorrentFacts> {
  constructor(message: string, facts: TorrentFacts, options: TorrentErrorOptions = {}) {
    super(message, facts, { action: ACTIONS[facts.code], ...options });
  }
}

export function invalid(reason: string, cause?: unknown): TorrentError {
  return new TorrentError(`torrent: ${reason}`, { code: "TORRENT_INVALID", reason }, { cause });
}

export function cancelled(infoHash: string): TorrentError {
  return new TorrentError(`torrent ${infoHash}: cancelled`, {
    code: "TORRENT_CANCELLED",
    infoHash,
  });
}
