/**
 * Links between nodes in virtual time: questions with one answer, blobs by their hash, and transactions that are told
 * to everybody. Until the network calms down messages are late or lost, and nodes are cut off.
 */
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import type { BlobPeers } from "../../../node/blobs/blob-peers.ts";
import type { PeerMessages, Subject } from "../../../node/network/peer-messages.ts";
import { P2pError } from "../../../p2p/errors.ts";
import type { BlobPieces } from "../../../p2p/protocols/blob.ts";
import type { MessageHandler } from "../../../p2p/protocols/message.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";
import type { Life } from "./life.ts";

export interface LinkFaults {
  /** Virtual milliseconds from which on nothing is lost, and everything comes within the bound. */
  readonly calmAt: number;
  /** Share of messages lost before. */
  readonly loss: number;
  /** Longest delay before. */
  readonly slowestMs: number;
  readonly cuts: readonly Absence[];
}

/** A node that is away for a while. */
export interface Absence {
  readonly node: number;
  readonly at: number;
  readonly forMs: number;
}

/** A running process, as others reach it. */
export interface Station {
  readonly node: number;
  readonly life: Life;
  readonly handlers: Map<Subject, MessageHandler>;
  serve(hash: Uint8Array): Promise<Uint8Array | BlobPieces | undefined>;
  onTransaction(signed: SignedTransaction): void;
}

export interface LinksModules {
  readonly timeline: Timeline;
  readonly random: Random;
  /** A node is about to take a message; it may be killed instead. */
  onMessage(node: number, subject: Subject): void;
}

const FASTEST_MS = 2;
const BOUND_MS = 60;
/** Until a blob that is not there, or a request that is lost, is given up by the transport. */
const STREAM_MS = 10_000;
const BYTES_PER_MS = 1_000;

export class Links {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #faults: LinkFaults;
  readonly #onMessage: (node: number, subject: Subject) => void;
  readonly #stations = new Map<number, Station>();

  constructor(faults: LinkFaults, { timeline, random, onMessage }: LinksModules) {
    this.#onMessage = onMessage;
    this.#faults = faults;
    this.#timeline = timeline;
    this.#random = random;
  }

  attach(station: Station): void {
    this.#stations.set(station.node, station);
  }

  /** Whether the node is up and not cut off. */
  isThere(node: number): boolean {
    const station = this.#stations.get(node);
    return station !== undefined && !station.life.isOver && !this.#isCut(node);
  }

  /** @returns undefined for what never arrives */
  delay(): number | undefined {
    const { calmAt, loss, slowestMs } = this.#faults;
    if (this.#timeline.now >= calmAt) return this.#random.between(FASTEST_MS, BOUND_MS);
    return this.#random.chance(loss) ? undefined : this.#random.between(FASTEST_MS, slowestMs);
  }

  /** Tells everybody else. */
  tell(from: Station, signed: SignedTransaction): void {
    for (const node of this.#stations.keys()) {
      const delay = node === from.node ? undefined : this.delay();
      if (delay === undefined || this.#isCut(from.node)) continue;
      this.#timeline.after(delay, () => {
        if (this.isThere(node)) this.#stations.get(node)?.onTransaction(signed);
      });
    }
  }

  messagesOf(from: Station): Pick<PeerMessages, "ask" | "handle"> {
    return {
      handle: (subject, handler) => void from.handlers.set(subject, handler),
      ask: (peer, subject, body, timeoutMs) =>
        this.#exchange(from, peer, { timeoutMs }, (to, signal) => {
          this.#onMessage(to.node, subject);
          if (to.life.isOver) return new Promise(() => {});
          const handler = to.handlers.get(subject);
          if (handler === undefined) throw new Error(`nobody handles ${subject}`);
          return handler(body, peerName(from.node), signal);
        }),
    };
  }

  blobPeersOf(from: Station): BlobPeers {
    return {
      connected: () =>
        [...this.#stations.keys()]
          .filter((node) => node !== from.node && this.isThere(node) && this.isThere(from.node))
          .map(peerName),
      request: async (peer, hash, sink, { maxBytes = Number.MAX_SAFE_INTEGER, signal }) => {
        const ask = { timeoutMs: STREAM_MS, ...(signal && { signal }) };
        const bytes = await this.#exchange(from, peer, ask, async (to) => {
          const found = await to.serve(hash);
          if (found === undefined) {
            throw new P2pError("not here", { code: "NOT_FOUND", what: "blob" });
          }
          return found instanceof Uint8Array ? found : whole(found);
        });
        if (bytes.length > maxBytes) {
          const facts = { peer, protocol: "blob", limit: maxBytes };
          throw new P2pError("too large", { code: "RESPONSE_TOO_LARGE", ...facts });
        }
        await sink.begin(bytes.length);
        await sink.write(bytes);
        const [expected, actual] = [toHex(hash), toHex(sha256(bytes))];
        if (actual !== expected) {
          throw new P2pError("other bytes", { code: "WRONG_BLOB", peer, expected, actual });
        }
      },
    };
  }

  /** Rejects with P2pError, as the protocols of p2p/ do, or with the signal's reason. */
  #exchange(
    from: Station,
    peer: string,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
    answer: (to: Station, signal: AbortSignal) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const gone = new AbortController();
      let isOpen = true;
      const close = (act: () => void): void => {
        if (!isOpen) return;
        isOpen = false;
        gone.abort(new Error("the asker is gone"));
        signal?.removeEventListener("abort", cancel);
        if (!from.life.isOver) act();
      };
      const cancel = (): void => close(() => reject(signal?.reason));
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      signal?.addEventListener("abort", cancel, { once: true });
      const fail = (error: P2pError): void => close(() => reject(error));
      from.life.after(timeoutMs, () => {
        const facts = { code: "TIMEOUT", peer, protocol: "simulated", timeoutMs } as const;
        fail(new P2pError("no answer in time", facts));
      });
      const node = nodeOf(peer);
      const to = this.#stations.get(node);
      if (to === undefined || !this.isThere(node) || this.#isCut(from.node)) {
        const error = new P2pError("not connected", { code: "NOT_CONNECTED", peer });
        from.life.after(FASTEST_MS, () => fail(error));
        return;
      }
      const reply = (act: () => void, bytes = 0): void => {
        const delay = this.delay();
        if (delay !== undefined) from.life.after(delay + bytes / BYTES_PER_MS, act);
      };
      const delay = this.delay();
      if (delay === undefined) return;
      to.life.after(delay, () => {
        if (!this.isThere(node)) return;
        answer(to, gone.signal).then(
          (bytes) => reply(() => close(() => resolve(bytes)), bytes.length),
          (error: unknown) => reply(() => fail(remote(peer, error))),
        );
      });
    });
  }

  #isCut(node: number): boolean {
    const { now } = this.#timeline;
    return this.#faults.cuts.some(
      (cut) => cut.node === node && now >= cut.at && now < cut.at + cut.forMs,
    );
  }
}

export function peerName(node: number): string {
  return `peer-${node}`;
}

function nodeOf(peer: string): number {
  return Number(peer.slice("peer-".length));
}

function remote(peer: string, error: unknown): P2pError {
  if (error instanceof P2pError && error.code === "NOT_FOUND") return error;
  const remoteCode = String(error);
  return new P2pError("refused", { code: "REMOTE_ERROR", peer, protocol: "simulated", remoteCode });
}

async function whole({ size, pieces }: BlobPieces): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const piece of pieces()) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}
