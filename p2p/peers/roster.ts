/** The peers accepted at this moment, the callers that wait for a peer to be accepted, and the listeners to changes. */
import { publicKeyOf } from "../identity.ts";

export type Direction = "inbound" | "outbound";

export interface Peer {
  readonly peerId: string;
  /** 32-byte Ed25519 key: the peer's chain identity. */
  readonly publicKey: Uint8Array;
  /** Where it can be dialed; for a peer that does not listen, the remote end of its connection. */
  readonly address: string;
  readonly direction: Direction;
}

export interface PeerEvent {
  readonly type: "connect" | "disconnect";
  readonly peer: Peer;
}

export interface RosterEntry extends Peer {
  /** Dialable addresses ending in `/p2p/ID`; empty for a peer that does not listen. */
  readonly addresses: readonly string[];
  /** The remote end of its connection, whatever address the peer claims. */
  readonly remote: string;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export class Roster {
  readonly #peers = new Map<string, RosterEntry>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #listeners = new Set<(event: PeerEvent) => void>();

  get size(): number {
    return this.#peers.size;
  }

  get(peer: string): RosterEntry | undefined {
    return this.#peers.get(peer);
  }

  list(): RosterEntry[] {
    return [...this.#peers.values()];
  }

  /** @param remote the remote end of the connection; also the address of a peer that names none */
  accept(peer: string, remote: string, direction: Direction, addresses: readonly string[]): void {
    const known = this.#peers.get(peer);
    const entry: RosterEntry = {
      peerId: peer,
      publicKey: known?.publicKey ?? publicKeyOf(peer),
      address: addresses[0] ?? known?.address ?? remote,
      direction: known?.direction ?? direction,
      addresses: addresses.length > 0 ? addresses : (known?.addresses ?? []),
      remote: known?.remote ?? remote,
    };
    this.#peers.set(peer, entry);
    for (const waiter of this.#takeWaiters(peer)) waiter.resolve();
    if (known === undefined) this.#emit({ type: "connect", peer: entry });
  }

  /** The peer will not be accepted: rejects the callers that wait for it, with this error. */
  refuse(peer: string, error: Error): void {
    for (const waiter of this.#takeWaiters(peer)) waiter.reject(error);
  }

  remove(peer: string): void {
    const entry = this.#peers.get(peer);
    if (entry === undefined) return;
    this.#peers.delete(peer);
    this.#emit({ type: "disconnect", peer: entry });
  }

  /** Resolves once `peer` is accepted; rejects when it is refused or the signal fires. */
  async accepted(peer: string, signal: AbortSignal): Promise<void> {
    if (this.#peers.has(peer)) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      const waiters = this.#waiters.get(peer) ?? new Set();
      this.#waiters.set(peer, waiters.add(waiter));
      const onAbort = (): void => {
        waiters.delete(waiter);
        if (waiters.size === 0) this.#waiters.delete(peer);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** @returns a function that removes the listener */
  onChange(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #takeWaiters(peer: string): Waiter[] {
    const waiters = [...(this.#waiters.get(peer) ?? [])];
    this.#waiters.delete(peer);
    return waiters;
  }

  #emit(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
