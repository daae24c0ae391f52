/** Decides whether there is a place for a new peer, and which peer gives way to it. */
import { P2pError } from "../errors.ts";
import { publicKeyOf } from "../identity.ts";
import type { Direction, Roster } from "./roster.ts";
import { groupOf } from "./scope.ts";
import type { ScoreBook } from "./score.ts";
import { type Contender, placeFor } from "./slots.ts";

export interface DoorModules {
  readonly roster: Pick<Roster, "get" | "list">;
  readonly scores: Pick<ScoreBook, "score">;
  /** Whether a peer with this key takes precedence over other incoming peers. */
  isFavoured(peer: string, publicKey: Uint8Array): boolean;
  /** Monotonic milliseconds. */
  now(): number;
}

interface Arrival {
  readonly peerId: string;
  /** The remote end of its connection. */
  readonly remote: string;
  readonly direction: Direction;
}

export class Door {
  readonly #maxPeers: number;
  readonly #modules: DoorModules;

  constructor({ maxPeers }: { maxPeers: number }, modules: DoorModules) {
    this.#maxPeers = maxPeers;
    this.#modules = modules;
  }

  /**
   * @returns the peer that has to leave, if any
   * @throws P2pError DIAL_FAILED when there is no place
   */
  admit(arrival: Arrival): string | undefined {
    const { roster } = this.#modules;
    if (roster.get(arrival.peerId) !== undefined) return undefined;
    const held = roster.list().map((peer) => this.#contender(peer));
    const placement = placeFor(this.#contender(arrival), held, this.#maxPeers);
    if (placement.isTaken) return placement.instead;
    throw new P2pError(`no place for another peer: ${placement.reason}`, {
      code: "DIAL_FAILED",
      address: arrival.remote,
      reason: placement.reason,
    });
  }

  #contender({ peerId, remote, direction }: Arrival): Contender {
    const { scores, isFavoured, now } = this.#modules;
    return {
      peerId,
      direction,
      group: groupOf(remote),
      isFavoured: isFavoured(peerId, publicKeyOf(peerId)),
      score: scores.score(peerId, now()),
    };
  }
}
