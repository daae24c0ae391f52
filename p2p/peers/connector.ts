/**
 * Keeps this node connected: dials bootstrap peers and learned peers with back-off, and asks connected peers for more,
 * often while the node is new and rarely once the answers bring nothing new. It decides when; the host does the work.
 */
import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { DialTarget, PeerBook } from "./book.ts";
import type { RosterEntry } from "./roster.ts";
import { groupOf } from "./scope.ts";

export interface ConnectorHost {
  readonly peerId: string;
  /** Connects and waits until the peer is accepted; returns its peer id. */
  dialTarget(target: DialTarget): Promise<string>;
  ask(peer: string): Promise<Map<string, string[]>>;
  connectedPeers(): readonly Pick<RosterEntry, "peerId" | "address" | "direction">[];
  now(): number;
  readonly log: Log;
}

export interface ConnectorOptions {
  /** Dialing stops at this number of peers, ... */
  readonly wantedPeers: number;
  /** ... once this node has chosen so many of them itself: incoming peers may all belong to one owner. */
  readonly wantedOutbound: number;
  /** Uniform in [0, 1). */
  random(): number;
}

const TICK_MS = 200;
const MAX_DIALS = 8;
const FIRST_ASK_MS = 250;
const MAX_ASK_MS = 30_000;

export class Connector {
  readonly #book: PeerBook;
  readonly #host: ConnectorHost;
  readonly #options: ConnectorOptions;
  #timer: NodeJS.Timeout | undefined;
  #dialing = 0;
  #askDelayMs = FIRST_ASK_MS;
  #nextAskMs = Number.NEGATIVE_INFINITY;

  constructor(book: PeerBook, host: ConnectorHost, options: ConnectorOptions) {
    this.#book = book;
    this.#host = host;
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Called when a peer was accepted: asks it at once, and asks other peers often again. */
  connected(peer: string): void {
    this.#askDelayMs = FIRST_ASK_MS;
    this.#nextAskMs = this.#host.now() + FIRST_ASK_MS;
    void this.#ask(peer);
  }

  #tick(): void {
    const connected = this.#host.connectedPeers();
    const outbound = connected.filter(({ direction }) => direction === "outbound");
    const { wantedPeers, wantedOutbound } = this.#options;
    const wanted = Math.max(wantedPeers - connected.length, wantedOutbound - outbound.length);
    const room = Math.min(MAX_DIALS, wanted) - this.#dialing;
    const groups = outbound.map(({ address }) => groupOf(address));
    const crowd = (addresses: readonly string[]): number =>
      groups.filter((group) => group !== undefined && addresses.map(groupOf).includes(group))
        .length;
    for (const target of this.#book.takeDue(this.#host.now(), room, crowd)) void this.#dial(target);
    if (wanted <= 0 || this.#host.now() < this.#nextAskMs) return;
    const peer = connected[Math.floor(this.#options.random() * connected.length)];
    if (peer === undefined) return;
    this.#nextAskMs = this.#host.now() + this.#askDelayMs;
    this.#askDelayMs = Math.min(MAX_ASK_MS, 2 * this.#askDelayMs);
    void this.#ask(peer.peerId);
  }

  async #dial(target: DialTarget): Promise<void> {
    this.#dialing += 1;
    try {
      const peer = await this.#host.dialTarget(target);
      this.#book.rename(target.name, peer);
      this.#book.connected(peer);
    } catch (error) {
      this.#book.failed(target.name, this.#host.now(), this.#options.random());
      this.#host.log.debug("dial failed", { peer: target.name, reason: reasonOf(error) });
    } finally {
      this.#dialing -= 1;
    }
  }

  async #ask(peer: string): Promise<void> {
    try {
      for (const [name, addresses] of await this.#host.ask(peer)) {
        if (name === this.#host.peerId) continue;
        if (this.#book.learn(name, addresses, peer)) this.#askDelayMs = FIRST_ASK_MS;
      }
    } catch (error) {
      this.#host.log.debug("peer exchange failed", { peer, reason: reasonOf(error) });
    }
  }
}
