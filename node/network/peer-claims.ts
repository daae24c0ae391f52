/**
 * Learns how far each peer is, and from which height on it serves blocks. It asks all peers from time to time, answers
 * all that ask, and informs the code that fetches blocks.
 */
import { exchangeStatus, type Status, serveStatus } from "../../p2p/protocols/status.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { type PeerHeights, peerHeights } from "./peer-heights.ts";
import type { RangeFetcher } from "./range-fetcher.ts";

const STATUS_INTERVAL_MS = 5_000;
/** Rarer than the number of status requests per second that a peer grants (p2p/protocols/status.ts). */
const MIN_INTERVAL_MS = 700;

export interface PeerClaimsModules {
  readonly host: StreamHost & { peers(): { peerId: string }[] };
  readonly log: NodeLog;
  status(): Status;
}

/** `told`: the peer asked us and sent its own status along; `asked`: its answer to us. */
export type ClaimListener = (status: Status, how: "told" | "asked") => void;

export class PeerClaims {
  readonly #modules: PeerClaimsModules;
  readonly #claims = new Map<string, Status>();
  readonly #heardAt = new Map<string, number>();
  readonly #fetchers = new Set<RangeFetcher>();
  readonly #stopping = new AbortController();
  #listener: ClaimListener = () => {};
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #askedAgain = false;
  /** Rounds of asking since any peer was heard; a process that was paused has not asked. */
  #unheard = 0;

  constructor(modules: PeerClaimsModules) {
    this.#modules = modules;
  }

  /** The claims of connected peers that have answered. */
  get all(): ReadonlyMap<string, Status> {
    return this.#claims;
  }

  get heights(): PeerHeights {
    const { host } = this.#modules;
    const heard = Array.from(this.#claims, ([peer, { height }]) => {
      return { height, at: this.#heardAt.get(peer) ?? 0 };
    });
    return peerHeights(heard, this.#unheard * STATUS_INTERVAL_MS, host.now());
  }

  onClaim(listener: ClaimListener): void {
    this.#listener = listener;
  }

  async start(): Promise<void> {
    await serveStatus(this.#modules.host, {
      status: () => this.#modules.status(),
      onStatus: (peer, status) => this.#heard(peer, status, "told"),
    });
    this.#timer = setInterval(() => {
      this.#unheard++;
      this.poke();
    }, STATUS_INTERVAL_MS);
  }

  stop(): void {
    this.#stopping.abort();
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
  }

  /** Asks all peers soon. */
  poke(): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#pause !== undefined) {
      this.#askedAgain = true;
      return;
    }
    // Every message from ahead calls this; asking more often than peers allow would get this node banned.
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#askedAgain) return;
      this.#askedAgain = false;
      this.poke();
    }, MIN_INTERVAL_MS);
    this.#askPeers();
  }

  /** Informs the fetcher about every peer, now and until the returned function is called. */
  inform(fetcher: RangeFetcher): () => void {
    for (const [peer, claim] of this.#claims) fetcher.offer(peer, claim);
    this.#fetchers.add(fetcher);
    return () => this.#fetchers.delete(fetcher);
  }

  #askPeers(): void {
    const { host, log } = this.#modules;
    const { signal } = this.#stopping;
    const peers = host.peers().map(({ peerId }) => peerId);
    for (const known of this.#claims.keys()) {
      if (peers.includes(known)) continue;
      this.#claims.delete(known);
      this.#heardAt.delete(known);
      for (const fetcher of this.#fetchers) fetcher.remove(known);
    }
    for (const peer of peers) {
      exchangeStatus(host, peer, this.#modules.status(), { signal }).then(
        (status) => this.#heard(peer, status, "asked"),
        (error: unknown) => log.debug("no status of a peer", { peer, reason: String(error) }),
      );
    }
  }

  #heard(peer: string, status: Status, how: "told" | "asked"): void {
    if (this.#stopping.signal.aborted) return;
    this.#claims.set(peer, status);
    this.#heardAt.set(peer, this.#modules.host.now());
    this.#unheard = 0;
    for (const fetcher of this.#fetchers) fetcher.offer(peer, status);
    this.#listener(status, how);
  }
}
