/** Which peers this node refuses now, and why, so that the owner can see it. */
import type { Standing } from "./score.ts";

export interface CutOff {
  readonly peer: string;
  readonly standing: Exclude<Standing, "good">;
  /** Code of the offence that led to the refusal. */
  readonly code: string;
  readonly reason: string;
  readonly score: number;
  /** Monotonic milliseconds of the host's clock. */
  readonly atMs: number;
}

const MAX_KEPT = 256;

export class CutOffs {
  /** By peer, the oldest first. */
  readonly #kept = new Map<string, CutOff>();

  /** @returns true when this is new: the peer was not refused before, or was not banned before */
  add(cutOff: CutOff): boolean {
    const before = this.#kept.get(cutOff.peer);
    if (before?.standing === cutOff.standing) return false;
    this.#kept.delete(cutOff.peer);
    this.#kept.set(cutOff.peer, cutOff);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return true;
  }

  /** @param isRefused whether a peer is still refused; the others are forgotten */
  list(isRefused: (peer: string) => boolean): CutOff[] {
    for (const peer of [...this.#kept.keys()]) if (!isRefused(peer)) this.#kept.delete(peer);
    return [...this.#kept.values()];
  }
}
