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
  /** The peer that told of it first; undefined for what the owner or the chain did. */
  readonly source: string | undefined;
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
/** Part of the book that the word of one peer may fill with entries that never worked. */
const SOURCE_PART = 8;
/** With the default back-off a vanished peer is retried for about six minutes. */
const MAX_FAILURES = 10;
/** A peer that answers after so many failures in a row shows that the network was away, not the peer. */
const OUTAGE_FAILURES = 3;

export class PeerBook {
  readonly #entries = new Map<string, Entry>();
  /** Names that never worked, by the peer that told of them. */
  readonly #told = new Map<string, Set<string>>();
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
    this.#entries.set(name, fresh(merge(known, [address]), { bootstrap: true, source: undefined }));
  }

  /** The peer behind an entry that was named by its address has become known. */
  rename(name: string, peer: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || name === peer) return;
    const other = this.#entries.get(peer);
    if (other !== undefined) entry.addresses = merge(other.addresses, entry.addresses);
    if (other?.state === "connected") entry.state = "connected";
    this.#forget(name);
    if (other !== undefined) this.#forget(peer);
    this.#entries.set(peer, entry);
  }

  /**
   * Remembers addresses of a peer. A full book forgets nobody for a stranger, and one peer's word fills a part of it.
   * @param source the peer that told of it
   * @returns true when the peer was unknown and is remembered
   */
  learn(name: string, addresses: readonly string[], source?: string): boolean {
    if (addresses.length === 0) return false;
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      entry.addresses = merge(entry.addresses, addresses);
      return false;
    }
    const own = source === undefined ? 0 : (this.#told.get(source)?.size ?? 0);
    if (own >= this.#maxPeers / SOURCE_PART) return false;
    if (this.#entries.size >= this.#maxPeers && !this.#makeRoom(own)) return false;
    this.#entries.set(name, fresh(merge([], addresses), { bootstrap: false, source }));
    if (source !== undefined) {
      this.#told.set(source, (this.#told.get(source) ?? new Set()).add(name));
    }
    return true;
  }

  /**
   * The peers to dial now, and marks them as being dialed: bootstrap first, then those where few peers are yet; by
   * turns one that the chain names or that worked before, and one that a peer told of, of each teller in turn.
   * @param crowd how many of this node's outgoing connections lead to where these addresses are
   */
  takeDue(
    nowMs: number,
    limit: number,
    crowd: (addresses: readonly string[]) => number = () => 0,
  ): DialTarget[] {
    const idle = [...this.#entries]
      .filter(([, entry]) => entry.state === "idle" && entry.nextTryMs <= nowMs)
      .map(([name, entry]) => ({ name, entry, crowd: crowd(entry.addresses) }));
    const due = byTurns(idle)
      .sort((a, b) => Number(b.entry.bootstrap) - Number(a.entry.bootstrap) || a.crowd - b.crowd)
      .slice(0, Math.max(0, limit));
    for (const { entry } of due) entry.state = "dialing";
    return due.map(({ name, entry }) => ({ name, addresses: [...entry.addresses] }));
  }

  connected(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    if (entry.failures >= OUTAGE_FAILURES) this.#retryFailed();
    this.#untell(name);
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
    if (!isWorthIt && entry.failures >= MAX_FAILURES) this.#forget(name);
    else entry.nextTryMs = nowMs + this.#delay(entry, jitter);
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Forgets one entry: of peers that have long been away the one that failed most often. Without any, it takes the peer
   * that told of most others, and forgets the last that it told of, if it told of more than `own`.
   * @param own how many the newcomer's source told of
   */
  #makeRoom(own: number): boolean {
    let worst: { name: string; failures: number } | undefined;
    for (const [name, { bootstrap, failures }] of this.#entries) {
      if (bootstrap || failures < MAX_FAILURES) continue;
      if (worst === undefined || failures > worst.failures) worst = { name, failures };
    }
    if (worst !== undefined) return this.#forget(worst.name);
    let most: ReadonlySet<string> = new Set();
    for (const names of this.#told.values()) if (names.size > most.size) most = names;
    const last = [...most].findLast((name) => this.#entries.get(name)?.state === "idle");
    return last !== undefined && most.size > own && this.#forget(last);
  }

  #forget(name: string): boolean {
    this.#untell(name);
    return this.#entries.delete(name);
  }

  /** No more counts it as known by its source's word alone: it is forgotten, or proved itself. */
  #untell(name: string): void {
    const source = this.#entries.get(name)?.source;
    const names = source === undefined ? undefined : this.#told.get(source);
    if (source === undefined || names === undefined) return;
    names.delete(name);
    if (names.size === 0) this.#told.delete(source);
  }

  #delay({ failures, bootstrap }: Entry, jitter: number): number {
    const most = bootstrap ? this.#maxBootstrapRetryMs : this.#maxRetryMs;
    const delay = Math.min(most, this.#firstRetryMs * 2 ** failures);
    return delay * (0.75 + 0.5 * jitter);
  }
}

function fresh(addresses: string[], by: Pick<Entry, "bootstrap" | "source">): Entry {
  const nextTryMs = Number.NEGATIVE_INFINITY;
  return { addresses, ...by, proven: false, state: "idle", failures: 0, nextTryMs };
}

interface Idle {
  readonly name: string;
  readonly entry: Entry;
  readonly crowd: number;
}

function byTurns(idle: readonly Idle[]): Idle[] {
  const byDue = idle.toSorted((a, b) => a.entry.nextTryMs - b.entry.nextTryMs);
  const isTold = ({ entry }: Idle): boolean => entry.source !== undefined && !entry.proven;
  const turns = new Map<string, number>();
  const turnOf = ({ entry: { source = "" } }: Idle): number => {
    const turn = turns.get(source) ?? 0;
    turns.set(source, turn + 1);
    return turn;
  };
  const told = byDue
    .filter(isTold)
    .map((one) => ({ one, turn: turnOf(one) }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ one }, i) => ({ one, at: 2 * i + 1 }));
  const known = byDue.filter((one) => !isTold(one)).map((one, i) => ({ one, at: 2 * i }));
  return [...known, ...told].sort((a, b) => a.at - b.at).map(({ one }) => one);
}

/** Newest first, without repeats, bounded. */
function merge(known: readonly string[], learned: readonly string[]): string[] {
  return [...new Set([...learned, ...known])].slice(0, MAX_ADDRESSES_PER_PEER);
}
