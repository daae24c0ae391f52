/**
 * Whom we could dial, and when: known addresses per peer with exponential back-off. Pure data with clock and
 * randomness passed in. Bootstrap entries are never forgotten, and peers that were connected once only to make
 * room: a node that was cut off for a day finds them again. Addresses that never worked go after some failures.
 * Entries are named by peer id, or by their address while the peer id is still unknown.
 */

export interface DialTarget {
  readonly name: string;
  readonly addresses: readonly string[];
}

interface Entry {
  addresses: string[];
  readonly bootstrap: boolean;
  /** It was a peer at these addresses. */
  proven: boolean;
  state: "idle" | "dialing" | "connected";
  failures: number;
  nextTryMs: number;
}

export interface BookOptions {
  readonly maxPeers?: number;
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
  /** The same for bootstrap peers, which are few and are the way back into the network. */
  readonly maxBootstrapRetryMs?: number;
}

const MAX_ADDRESSES_PER_PEER = 4;
/** With the default back-off a vanished peer is retried for about six minutes. */
const MAX_FAILURES = 10;
/** A peer that answers after so many failures in a row shows that the network was away, not the peer. */
const OUTAGE_FAILURES = 3;

export class PeerBook {
  readonly #entries = new Map<string, Entry>();
  readonly #maxPeers: number;
  readonly #firstRetryMs: number;
  readonly #maxRetryMs: number;
  readonly #maxBootstrapRetryMs: number;

  constructor(options: BookOptions = {}) {
    this.#maxPeers = options.maxPeers ?? 1024;
    this.#firstRetryMs = options.firstRetryMs ?? 500;
    this.#maxRetryMs = options.maxRetryMs ?? 60_000;
    this.#maxBootstrapRetryMs = options.maxBootstrapRetryMs ?? 5_000;
  }

  addBootstrap(name: string, address: string): void {
    const known = this.#entries.get(name)?.addresses ?? [];
    this.#entries.set(name, fresh(merge(known, [address]), true));
  }

  /** The peer behind an entry that was named by its address has become known. */
  rename(name: string, peer: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || name === peer) return;
    const other = this.#entries.get(peer);
    if (other !== undefined) entry.addresses = merge(other.addresses, entry.addresses);
    if (other?.state === "connected") entry.state = "connected";
    this.#entries.delete(name);
    this.#entries.set(peer, entry);
  }

  /** Remembers addresses of a peer; true when the peer was unknown. A full book forgets nobody for a stranger. */
  learn(name: string, addresses: readonly string[]): boolean {
    if (addresses.length === 0) return false;
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      entry.addresses = merge(entry.addresses, addresses);
      return false;
    }
    if (this.#entries.size >= this.#maxPeers && !this.#makeRoom()) return false;
    this.#entries.set(name, fresh(merge([], addresses), false));
    return true;
  }

  /** The peers to dial now, bootstrap first, and marks them as being dialed. */
  takeDue(nowMs: number, limit: number): DialTarget[] {
    const due = [...this.#entries]
      .filter(([, entry]) => entry.state === "idle" && entry.nextTryMs <= nowMs)
      .sort(
        ([, a], [, b]) => Number(b.bootstrap) - Number(a.bootstrap) || a.nextTryMs - b.nextTryMs,
      )
      .slice(0, Math.max(0, limit));
    for (const [, entry] of due) entry.state = "dialing";
    return due.map(([name, entry]) => ({ name, addresses: [...entry.addresses] }));
  }

  connected(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    if (entry.failures >= OUTAGE_FAILURES) this.#retryFailed();
    entry.proven = true;
    entry.state = "connected";
    entry.failures = 0;
  }

  /** After an outage nobody waits for the end of a long back-off. */
  #retryFailed(): void {
    for (const entry of this.#entries.values()) {
      if (entry.failures > 0) entry.nextTryMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** @param jitter in [0, 1): spreads the redials of nodes that lost the same peer */
  disconnected(name: string, nowMs: number, jitter: number): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.state !== "connected") return;
    entry.state = "idle";
    entry.nextTryMs = nowMs + this.#delay(entry, jitter);
  }

  failed(name: string, nowMs: number, jitter: number): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.state !== "dialing") return;
    entry.state = "idle";
    entry.failures += 1;
    const isWorthIt = entry.bootstrap || entry.proven;
    if (!isWorthIt && entry.failures >= MAX_FAILURES) this.#entries.delete(name);
    else entry.nextTryMs = nowMs + this.#delay(entry, jitter);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Of those that have long been away, the one that failed most often goes. */
  #makeRoom(): boolean {
    let worst: { name: string; failures: number } | undefined;
    for (const [name, { bootstrap, failures }] of this.#entries) {
      if (bootstrap || failures < MAX_FAILURES) continue;
      if (worst === undefined || failures > worst.failures) worst = { name, failures };
    }
    return worst !== undefined && this.#entries.delete(worst.name);
  }

  #delay({ failures, bootstrap }: Entry, jitter: number): number {
    const most = bootstrap ? this.#maxBootstrapRetryMs : this.#maxRetryMs;
    const delay = Math.min(most, this.#firstRetryMs * 2 ** failures);
    return delay * (0.75 + 0.5 * jitter);
  }
}

function fresh(addresses: string[], bootstrap: boolean): Entry {
  const nextTryMs = Number.NEGATIVE_INFINITY;
  return { addresses, bootstrap, proven: false, state: "idle", failures: 0, nextTryMs };
}

/** Newest first, without repeats, bounded. */
function merge(known: readonly string[], learned: readonly string[]): string[] {
  return [...new Set([...learned, ...known])].slice(0, MAX_ADDRESSES_PER_PEER);
}
