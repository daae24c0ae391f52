/**
 * Hosts joined in memory: streams are pairs of queues, and the score book decides who may stay, as in
 * the real host. For tests of what travels, not of how.
 */
import { PomlError } from "../../chain/errors.ts";
import { P2pError } from "../../p2p/errors.ts";
import { SILENT } from "../../p2p/log.ts";
import { ScoreBook } from "../../p2p/peers/score.ts";
import { Asking } from "../../p2p/protocols/asking.ts";
import type { ByteStream } from "../../p2p/protocols/stream.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import { streamPair } from "../p2p/support.ts";

type StreamHandler = (stream: ByteStream, peer: string) => Promise<void>;

export class MemoryNetwork {
  #made = 0;

  host(): LinkedHost {
    return new LinkedHost(`peer-${++this.#made}`);
  }
}

export class LinkedHost implements StreamHost {
  readonly peerId: string;
  readonly log = SILENT;
  readonly asking = new Asking(() => performance.now());
  readonly #scores = new ScoreBook();
  readonly #handlers = new Map<string, { handler: StreamHandler; maxStreams: number }>();
  /** Streams of others to this host, by protocol and peer. */
  readonly #inbound = new Map<string, number>();
  /** Streams this host reset because there were too many. */
  resets = 0;
  readonly #linked = new Map<string, LinkedHost>();
  readonly #open = new Set<ByteStream>();

  constructor(peerId: string) {
    this.peerId = peerId;
  }

  /** Joins the two unless one of them refuses the other. */
  link(other: LinkedHost): void {
    if (this.isBanned(other) || other.isBanned(this)) return;
    this.#linked.set(other.peerId, other);
    other.#linked.set(this.peerId, this);
  }

  /** Ends all links and streams. */
  leave(): void {
    for (const other of this.#linked.values()) other.#linked.delete(this.peerId);
    this.#linked.clear();
    for (const stream of this.#open) stream.abort(new Error("the host is gone"));
  }

  isBanned(other: LinkedHost): boolean {
    return this.#scores.standing(other.peerId, this.now()) === "banned";
  }

  scoreOf(other: LinkedHost): number {
    return this.#scores.score(other.peerId, this.now());
  }

  peers(): { peerId: string }[] {
    return [...this.#linked.keys()].map((peerId) => ({ peerId }));
  }

  now(): number {
    return performance.now();
  }

  report(peer: string, error: unknown): void {
    if (!(error instanceof PomlError)) throw error;
    const standing = this.#scores.report(peer, error, this.now());
    if (standing === "good") return;
    const other = this.#linked.get(peer);
    if (other !== undefined) other.#linked.delete(this.peerId);
    this.#linked.delete(peer);
  }

  onStream(protocol: string, handler: StreamHandler, maxStreams: number): Promise<void> {
    this.#handlers.set(protocol, { handler, maxStreams });
    return Promise.resolve();
  }

  openStream(peer: string, protocol: string): Promise<ByteStream> {
    const other = this.#linked.get(peer);
    if (other === undefined) {
      throw new P2pError(`not connected to ${peer}`, { code: "NOT_CONNECTED", peer });
    }
    const served = other.#handlers.get(protocol);
    if (served === undefined) {
      const facts = { code: "UNSUPPORTED_PROTOCOL", peer, protocol } as const;
      throw new P2pError(`${peer} does not speak ${protocol}`, facts);
    }
    const [ours, theirs] = streamPair();
    const key = `${protocol} ${this.peerId}`;
    const count = (other.#inbound.get(key) ?? 0) + 1;
    if (count > served.maxStreams) {
      // As libp2p does it.
      other.resets += 1;
      theirs.abort(new Error("too many streams"));
      return Promise.resolve(ours);
    }
    other.#inbound.set(key, count);
    other.#open.add(theirs);
    void served.handler(theirs, this.peerId).finally(() => {
      other.#open.delete(theirs);
      other.#inbound.set(key, (other.#inbound.get(key) ?? 1) - 1);
    });
    return Promise.resolve(ours);
  }
}
