/**
 * The places of free transactions. A node's duties cost it nothing, so there is a quota for each node, and half the
 * pool for all of them. When that half is full, by number or by bytes, the node that uses most of the scarce resource
 * gives way. Otherwise many nodes with small duties would push out the one large record of another node. Nodes without
 * weight, of which anybody can make thousands, give way before nodes with weight.
 */
import { type Entry, lastOf, type Sender } from "./entry.ts";
import type { MempoolLimits } from "./limits.ts";
import { MempoolError } from "./mempool-error.ts";

interface Held {
  count: number;
  bytes: number;
}
type Short = keyof Held;
interface Holder {
  readonly sender: Sender;
  readonly held: Held;
  readonly rated: boolean;
}

export class FreePlaces {
  readonly #limits: MempoolLimits;
  readonly #held = new Map<Sender, Held>();
  /** The senders that had weight when they last sent. */
  readonly #rated = new Set<Sender>();
  readonly #all: Held = { count: 0, bytes: 0 };

  constructor(limits: MempoolLimits) {
    this.#limits = limits;
  }

  /** Senders with waiting free transactions. */
  senders(): Iterable<Sender> {
    return this.#held.keys();
  }

  add({ sender, bytes, rated }: Entry): void {
    if (rated) this.#rated.add(sender);
    else this.#rated.delete(sender);
    const held = this.#held.get(sender) ?? { count: 0, bytes: 0 };
    this.#held.set(sender, held);
    count(held, 1, bytes);
    count(this.#all, 1, bytes);
  }

  remove({ sender, bytes }: Entry): void {
    const held = this.#held.get(sender);
    if (held === undefined) return;
    count(held, -1, -bytes);
    count(this.#all, -1, -bytes);
    if (held.count > 0) return;
    this.#held.delete(sender);
    this.#rated.delete(sender);
  }

  /** @throws MempoolError SENDER_FULL when its node has no place left */
  checkQuota({ sender, bytes }: Entry, replaced: Entry | undefined): void {
    const { freePerSender, freeBytesPerSender } = this.#limits;
    const held = this.#after(sender, bytes, replaced);
    if (held.count <= freePerSender && held.bytes <= freeBytesPerSender) return;
    throw new MempoolError(
      `the node has ${freePerSender} free transactions or ${freeBytesPerSender} bytes of them waiting`,
      { code: "SENDER_FULL", limit: freePerSender },
      "wait for some to be in a block",
    );
  }

  /**
   * Adds to `gone` the entries to drop so that the free ones, including the newcomer, stay within half the pool.
   * @returns false when the nodes that could give way hold no more than the node of the newcomer
   */
  makeRoom(newcomer: Entry, gone: Set<Entry>): boolean {
    const { transactions, bytes } = this.#limits;
    const replaced = [...gone].find(({ duty }) => duty);
    const all = { ...this.#all };
    count(all, replaced === undefined ? 1 : 0, newcomer.bytes - (replaced?.bytes ?? 0));
    const own = this.#after(newcomer.sender, newcomer.bytes, replaced);
    while (2 * all.count > transactions || 2 * all.bytes > bytes) {
      const short = 2 * all.count > transactions ? "count" : "bytes";
      const heaviest = this.#heaviest(short, gone);
      if (heaviest === undefined) return false;
      const isBelow = newcomer.rated && !heaviest.rated;
      if (heaviest.rated && !newcomer.rated) return false;
      if (!isBelow && heaviest.held[short] <= own[short]) return false;
      for (const entry of lastFree(heaviest.sender, gone)) {
        gone.add(entry);
        if (entry.duty) count(all, -1, -entry.bytes);
      }
    }
    return true;
  }

  #after(sender: Sender, bytes: number, replaced: Entry | undefined): Held {
    const held = { ...(this.#held.get(sender) ?? { count: 0, bytes: 0 }) };
    const before = replaced?.duty ? replaced : undefined;
    count(held, before === undefined ? 1 : 0, bytes - (before?.bytes ?? 0));
    return held;
  }

  /** Among the nodes without weight, if there are any. */
  #heaviest(short: Short, gone: ReadonlySet<Entry>): Holder | undefined {
    const left = new Map(this.#held);
    for (const { sender, bytes, duty } of gone) {
      const held = duty ? left.get(sender) : undefined;
      if (held !== undefined)
        left.set(sender, { count: held.count - 1, bytes: held.bytes - bytes });
    }
    let most: Holder | undefined;
    for (const [sender, held] of left) {
      if (held.count === 0) continue;
      const rated = this.#rated.has(sender);
      const isNext =
        most === undefined ||
        (most.rated && !rated) ||
        (most.rated === rated && held[short] > most.held[short]);
      if (isNext) most = { sender, held, rated };
    }
    return most;
  }
}

function count(held: Held, transactions: number, bytes: number): void {
  held.count += transactions;
  held.bytes += bytes;
}

/** The last free transaction of a sender and all after it, so that the rest has no gap. */
function lastFree(sender: Sender, gone: ReadonlySet<Entry>): Entry[] {
  const out = new Set(gone);
  const found: Entry[] = [];
  for (let last = lastOf(sender, out); last !== undefined; last = lastOf(sender, out)) {
    found.push(last);
    out.add(last);
    if (last.duty) break;
  }
  return found;
}
