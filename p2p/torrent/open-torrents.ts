/**
 * The torrents that are open now. Each costs timers, memory and a socket for every peer on it. So unused ones are
 * closed after a short while, and when too many are open, the one unused for longest is closed first.
 */
import type { Swarm } from "./swarm.ts";

export interface OpenLimits {
  /** The most open torrents at a time; only torrents that are being fetched may exceed it. */
  readonly open: number;
  /** A torrent that moved no byte for so long, and that no caller waits for, is closed. */
  readonly idleMs: number;
}

interface Entry {
  readonly swarm: Swarm;
  moved: number;
  usedAt: number;
}

export class OpenTorrents {
  readonly #limits: OpenLimits;
  readonly #now: () => number;
  /** By info hash in hex, the longest unused first. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits: OpenLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  all(): Swarm[] {
    return [...this.#entries.values()].map(({ swarm }) => swarm);
  }

  /** Counts as use. */
  get(name: string): Swarm | undefined {
    const entry = this.#entries.get(name);
    if (entry !== undefined) this.#use(name, entry);
    return entry?.swarm;
  }

  add(name: string, swarm: Swarm): void {
    this.#use(name, { swarm, moved: 0, usedAt: this.#now() });
  }

  remove(name: string, swarm: Swarm): void {
    if (this.#entries.get(name)?.swarm === swarm) this.#entries.delete(name);
  }

  /**
   * Makes room for one more.
   * @returns false when all open torrents are in use
   */
  makeRoom(): boolean {
    this.#look();
    for (const { swarm } of this.#entries.values()) {
      if (this.size < this.#limits.open) break;
      if (!swarm.isWanted) swarm.close();
    }
    return this.size < this.#limits.open;
  }

  /** Closes the torrents that have been idle for long enough. */
  tidy(): void {
    this.#look();
    const latest = this.#now() - this.#limits.idleMs;
    for (const { swarm, usedAt } of this.#entries.values()) {
      if (usedAt <= latest && !swarm.isWanted) swarm.close();
    }
  }

  clear(): void {
    this.#entries.clear();
  }

  /** A torrent counts as used if bytes moved since the last check, or a caller waits for it. */
  #look(): void {
    for (const [name, entry] of [...this.#entries]) {
      const moved = entry.swarm.uploaded + entry.swarm.received;
      if (moved === entry.moved && !entry.swarm.isWanted) continue;
      entry.moved = moved;
      this.#use(name, entry);
    }
  }

  #use(name: string, entry: Entry): void {
    entry.usedAt = this.#now();
    this.#entries.delete(name);
    this.#entries.set(name, entry);
  }
}
