/**
 * What a node remembers of each peer's behaviour: a score that only offences lower and only time restores. Pure data;
 * the clock is passed in. The host reports typed errors, and asks for the score before every connection. A failure of
 * our own (`local`) never costs a peer anything. Neither does a stream that was reset, or an answer that did not come:
 * busy nodes and bad connections look like that, and a network in which nodes punished each other for it has split into
 * isolated nodes. A peer that exceeds the rate limit is charged once a second, not once a message: a node that was
 * paused receives everything that waited for it within one second.
 */
import type { ErrorAction } from "../../chain/errors.ts";

/** The part of an error that decides its cost. */
export interface Offence {
  readonly action: ErrorAction;
  readonly code: string;
}

export const HALF_LIFE_MS = 10 * 60_000;
const DISCONNECT_SCORE = -20;
const BAN_SCORE = -50;
export const BAN_MS = 30 * 60_000;
/** A score cannot sink below this, so every ban ends. */
export const MIN_SCORE = -100;

const REJECT_COST = 10;
/** `reject` errors that cost more: a deliberate lie that is proven leads to a ban at once. */
const REJECTED_COSTS: Readonly<Record<string, number>> = {
  BAD_BLOCKS: -BAN_SCORE,
  BAD_SNAPSHOT: -BAN_SCORE,
};
/** `ignore` errors cost nothing, except these; they are charged at most once in `FLOOD_MS`. */
const FLOOD_COSTS: Readonly<Record<string, number>> = { RATE_LIMITED: 2 };
const FLOOD_MS = 1_000;
/** A score closer to zero than this counts as a clean record. */
const FORGIVEN = -0.1;

export function costOf(offence: Offence): number {
  switch (offence.action) {
    case "reject":
      return REJECTED_COSTS[offence.code] ?? REJECT_COST;
    case "ignore":
      return FLOOD_COSTS[offence.code] ?? 0;
    case "local":
      return 0;
  }
}

export type Standing = "good" | "disconnect" | "banned";

interface Entry {
  score: number;
  updatedMs: number;
  bannedUntilMs: number;
  /** When it was last charged for a flood. */
  floodedMs: number;
}

export class ScoreBook {
  readonly #entries = new Map<string, Entry>();
  readonly #maxPeers: number;

  constructor(maxPeers = 2048) {
    this.#maxPeers = maxPeers;
  }

  /**
   * Lowers the score of `peer` by what the offence costs.
   * @returns the peer's standing afterwards
   */
  report(peer: string, offence: Offence, nowMs: number): Standing {
    const cost = costOf(offence);
    if (cost === 0) return this.standing(peer, nowMs);
    const entry = this.#entry(peer, nowMs);
    if (offence.action === "ignore") {
      if (nowMs - entry.floodedMs < FLOOD_MS) return this.standing(peer, nowMs);
      entry.floodedMs = nowMs;
    }
    entry.score = Math.max(MIN_SCORE, decayed(entry, nowMs) - cost);
    entry.updatedMs = nowMs;
    if (entry.score <= BAN_SCORE) entry.bannedUntilMs = nowMs + BAN_MS;
    return this.standing(peer, nowMs);
  }

  /** Zero for an unknown peer, negative after offences. */
  score(peer: string, nowMs: number): number {
    const entry = this.#entries.get(peer);
    return entry === undefined ? 0 : decayed(entry, nowMs);
  }

  standing(peer: string, nowMs: number): Standing {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return "good";
    if (nowMs < entry.bannedUntilMs) return "banned";
    return decayed(entry, nowMs) <= DISCONNECT_SCORE ? "disconnect" : "good";
  }

  /** When a refused peer may come back, in milliseconds of the clock; `nowMs` for a peer that is not refused. */
  deniedUntil(peer: string, nowMs: number): number {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return nowMs;
    const score = decayed(entry, nowMs);
    const halvings = score < DISCONNECT_SCORE ? Math.log2(score / DISCONNECT_SCORE) : 0;
    return Math.max(nowMs + halvings * HALF_LIFE_MS, entry.bannedUntilMs);
  }

  get size(): number {
    return this.#entries.size;
  }

  #entry(peer: string, nowMs: number): Entry {
    const known = this.#entries.get(peer);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#maxPeers) this.#makeRoom(nowMs);
    const never = Number.NEGATIVE_INFINITY;
    const entry: Entry = { score: 0, updatedMs: nowMs, bannedUntilMs: never, floodedMs: never };
    this.#entries.set(peer, entry);
    return entry;
  }

  /** Forgets peers with a clean record first, then the one with the best score, so never the worst offender. */
  #makeRoom(nowMs: number): void {
    let best: { peer: string; score: number } | undefined;
    for (const [peer, entry] of this.#entries) {
      const score = decayed(entry, nowMs);
      if (score > FORGIVEN && nowMs >= entry.bannedUntilMs) this.#entries.delete(peer);
      else if (best === undefined || score > best.score) best = { peer, score };
    }
    if (this.#entries.size >= this.#maxPeers && best !== undefined) this.#entries.delete(best.peer);
  }
}

function decayed(entry: Entry, nowMs: number): number {
  const elapsedMs = Math.max(0, nowMs - entry.updatedMs);
  return entry.score * 0.5 ** (elapsedMs / HALF_LIFE_MS);
}
