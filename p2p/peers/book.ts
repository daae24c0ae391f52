/**
 * Which peers this node could dial, and when: the known addresses of each peer, with exponential back-off. Pure data;
 * clock and randomness are passed in. Bootstrap entries are never forgotten. Entries of peers that were connected once
 * are forgotten only to make room, so that a node that was cut off for a day finds them again. Addresses that never
 * worked are forgotten after some failures. An entry is named by its peer id, or by its address while the peer id is
 * unknown.
 */

export interface DialTarget {
  readonly name: string;
  readonly addresses: readonly string[];
}

interface Entry {
  addresses: string[];
  readonly bootstrap: boolean;
  /** The peer that first told us of this one; undefined where the owner or the chain did. */
  readonly source: string | undefined;
  /** A peer has been connected at these addresses before. */
  proven: boolean;
  state: "idle" | "dialing" | "connected";
  failures: number;
  nextTryMs: number;
}

export interface BookOptions {
  readonly maxPeers?: number;
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
  /** The same for bootstrap peers. They are few, and they are the way back into the network. */
  readonly maxBootstrapRetryMs?: number;
}

const MAX_ADDRESSES_PER_PEER = 4;
/** The entries that never worked and came from one peer fill at most one part in so many of the book. */
const SOURCE_PART = 8;
/** With the default back-off, a peer that vanished is tried again for about six minutes. */
const MAX_FAILURES = 10;
/** When a peer answers after so many failures in a row, it was probably this node that had no network. */
const OUTAGE_FAILURES = 3;

export class PeerBook {
  readonly #entries = new Map<string, Entry>();
  /** Names of entries that never worked, by the peer that told us of them. */
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

  /** Renames an entry that was named by its address, once the peer id is known. */
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
   * Remembers addresses of a peer. A full book drops no entry for a peer that is unknown, and the word of one peer can
   * fill only a part of the book.
   * @param source the peer that told us of it
   * @returns true when the peer was unknown and is remembered now
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
   * Returns the peers to dial now, and marks them as being dialed. Bootstrap peers come first, then peers in networks
   * to which this node has few connections. Within that order, peers that the chain names or that worked before
   * alternate with peers that another peer told us of; these are taken from each teller in turn.
   * @param crowd how many outgoing connections of this node lead to the network of these addresses
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

  /** After an outage all failed peers are tried at once, without waiting for the end of a long back-off. */
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
   * Forgets one entry: of the peers that have long been unreachable, the one that failed most often. If there is none,
   * it takes the source that told us of the most peers, and forgets the last of these if there are more than `own`.
   * @param own how many peers the source of the new entry has told us of
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

  /** Stops counting the entry as known by the word of its source alone: it was forgotten, or it has worked. */
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

/** Newest first, without duplicates, bounded. */
function merge(known: readonly string[], learned: readonly string[]): string[] {
  return [...new Set([...learned, ...known])].slice(0, MAX_ADDRESSES_PER_PEER);
}
