/** Connects to a peer at one of its addresses, waits until it is accepted, and reports why a dial failed. */
import type { Libp2p } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { P2pError, reasonOf } from "./errors.ts";
import type { HostTimeouts } from "./options.ts";
import type { DialTarget } from "./peers/book.ts";
import type { BootstrapList } from "./peers/bootstrap.ts";
import type { Roster } from "./peers/roster.ts";
import type { ScoreBook } from "./peers/score.ts";

export interface DialerModules {
  readonly node: Pick<Libp2p, "dial">;
  readonly roster: Roster;
  readonly scores: ScoreBook;
  readonly bootstrap: BootstrapList;
  /** Monotonic milliseconds. */
  now(): number;
}

export class Dialer {
  readonly #timeouts: HostTimeouts;
  readonly #modules: DialerModules;

  constructor(timeouts: HostTimeouts, modules: DialerModules) {
    this.#timeouts = timeouts;
    this.#modules = modules;
  }

  /** Like `dial`, and keeps the list of bootstrap addresses up to date. */
  async dialKnown(target: DialTarget): Promise<string> {
    const { bootstrap } = this.#modules;
    try {
      const peer = await this.dial(target);
      bootstrap.reached(target.name, peer);
      return peer;
    } catch (error) {
      bootstrap.failed(target.name, error);
      throw error;
    }
  }

  /**
   * Returns the peer id behind the addresses.
   * @throws P2pError DIAL_FAILED, PEER_DENIED, WRONG_NETWORK
   */
  async dial(target: DialTarget): Promise<string> {
    const { dialMs, identifyMs } = this.#timeouts;
    const { node, roster } = this.#modules;
    try {
      const connection = await node.dial(
        target.addresses.map((text) => multiaddr(text)),
        { signal: AbortSignal.timeout(dialMs) },
      );
      const peer = connection.remotePeer.toString();
      await roster.accepted(peer, AbortSignal.timeout(identifyMs));
      return peer;
    } catch (error) {
      throw error instanceof P2pError ? error : this.#failure(target, error);
    }
  }

  #failure(target: DialTarget, error: unknown): P2pError {
    const { scores, now } = this.#modules;
    const address = target.addresses[0] ?? target.name;
    const isDenied = error instanceof Error && error.name === "DialDeniedError";
    const untilMs = scores.deniedUntil(target.name, now());
    if (isDenied && untilMs > now()) {
      return new P2pError(
        `${target.name} is refused for its behaviour`,
        { code: "PEER_DENIED", peer: target.name, untilMs },
        { remedy: "the refusal ends by itself; a restart of the node lifts it at once" },
      );
    }
    return new P2pError(
      `cannot connect to ${address}: ${reasonOf(error)}`,
      { code: "DIAL_FAILED", address, reason: reasonOf(error) },
      { cause: error, remedy: "check that the node is running and that its port can be reached" },
    );
  }
}
