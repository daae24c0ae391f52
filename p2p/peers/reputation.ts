/** The offences of peers, and the peers that this node refuses because of them. */
import { PomlError } from "../../chain/errors.ts";
import type { Log } from "../log.ts";
import { CutOffs } from "./cut-offs.ts";
import type { ScoreBook } from "./score.ts";

/** A peer this node refuses. */
export interface RefusedPeer {
  readonly peerId: string;
  /** `disconnect` until its score has recovered a little; `banned` for half an hour. */
  readonly standing: "disconnect" | "banned";
  readonly code: string;
  readonly reason: string;
  readonly score: number;
  /** Time until it may come back. */
  readonly remainingMs: number;
}

export interface ReputationModules {
  readonly scores: ScoreBook;
  readonly log: Log;
  now(): number;
  /** The address from which a peer is connected. */
  addressOf(peer: string): string | undefined;
  hangUp(peer: string): void;
}

export class Reputation {
  readonly #modules: ReputationModules;
  readonly #cutOffs = new CutOffs();

  constructor(modules: ReputationModules) {
    this.#modules = modules;
  }

  /** Lowers the peer's score by what the error costs. A peer whose score falls too low is disconnected. */
  report(peer: string, error: unknown): void {
    if (!(error instanceof PomlError)) return;
    const { scores, log, now } = this.#modules;
    const standing = scores.report(peer, error, now());
    if (error.action === "reject") {
      log.warn("peer misbehaved", { peer, code: error.code, reason: error.message, standing });
    }
    if (standing !== "good") this.#cutOff(peer, standing, error);
  }

  /** Peers that are refused now. */
  refused(): RefusedPeer[] {
    const { scores } = this.#modules;
    const now = this.#modules.now();
    const isRefused = (peer: string): boolean => scores.standing(peer, now) !== "good";
    return this.#cutOffs.list(isRefused).map(({ peer, standing, code, reason }) => ({
      peerId: peer,
      standing,
      code,
      reason,
      score: scores.score(peer, now),
      remainingMs: Math.max(0, scores.deniedUntil(peer, now) - now),
    }));
  }

  #cutOff(
    peer: string,
    standing: "disconnect" | "banned",
    { code, message: reason }: PomlError,
  ): void {
    const { scores, log, addressOf, hangUp } = this.#modules;
    const atMs = this.#modules.now();
    const score = scores.score(peer, atMs);
    if (this.#cutOffs.add({ peer, standing, code: String(code), reason, score, atMs })) {
      const seconds = Math.ceil((scores.deniedUntil(peer, atMs) - atMs) / 1000);
      const address = addressOf(peer);
      const facts = { peer, address, standing, code, reason, score: Math.round(score), seconds };
      log.warn("peer cut off", facts);
    }
    hangUp(peer);
  }
}
