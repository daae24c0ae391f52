/**
 * One budget from which many spend, in fair parts. Every use is a debt. All debts together are paid back at one rate,
 * each in proportion to its size, and have one limit. How much one spender may owe depends on what is left
 * (`fair-part.ts`).
 *
 * The sum of all debts is kept separately. When there are many spenders, those that owe less than a token are
 * forgotten, which gains them less than a token. Because the sum is limited, so is the number of spenders that owe
 * more.
 */
import type { Place } from "../../p2p/peers/place.ts";
import { fairRoom, type Held } from "./fair-part.ts";

export interface PurseLimits {
  /** Tokens that may be owed at once, by all together. */
  readonly burst: number;
  readonly perSecond: number;
}

/** The unit of a debt; multiplied by the scale it gives tokens. */
interface Debt {
  units: number;
}

/**
 * A spender from a network that owes less than this gets even an expensive answer, once there is room for it. This is
 * large compared with small parts. It counts for the network; otherwise each new address of one network could exceed
 * the common limit.
 */
const LEAST = 10;
/** When the scale falls below this, the debts are rescaled, so that numbers stay exact. */
const LEAST_SCALE = 1e-6;

export class SharedPurse {
  readonly #limits: PurseLimits;
  readonly #spenders = new Map<string, Debt>();
  readonly #networks = new Map<string, Debt>();
  #owed = 0;
  #scale = 1;
  #updatedMs = 0;

  constructor(limits: PurseLimits) {
    this.#limits = limits;
  }

  /** Takes tokens; returns false if the spender already owes its part. */
  take(who: Place, nowMs: number, tokens: number): boolean {
    this.#payBack(nowMs);
    if (this.#needed(who, tokens) > fairRoom(this.#limits.burst, this.#heldBy(who))) return false;
    this.#add(who, tokens);
    return true;
  }

  /** Takes tokens for work that has already been done, whatever the spender owes. */
  charge(who: Place, nowMs: number, tokens: number): void {
    this.#payBack(nowMs);
    this.#add(who, tokens);
  }

  /** Milliseconds until `take` may succeed, if nobody else takes anything meanwhile. */
  waitMs(who: Place, nowMs: number, tokens: number): number {
    this.#payBack(nowMs);
    const { burst, perSecond } = this.#limits;
    const room = fairRoom(burst, this.#heldBy(who));
    const needed = this.#needed(who, tokens);
    if (room >= needed) return 0;
    // All debts shrink by one factor, so the room grows linearly from its present value to that of an empty budget.
    const part = (needed - room) / (burst / 2 - room);
    return ((this.#owed * part) / perSecond) * 1000;
  }

  /** The number of remembered spenders. */
  get size(): number {
    return this.#spenders.size;
  }

  /** The room that is needed for so many tokens; never more than for a single spender without debt. */
  #needed(who: Place, tokens: number): number {
    const most = this.#heldBy(who).network < LEAST ? LEAST : Number.POSITIVE_INFINITY;
    return Math.min(tokens, most, this.#limits.burst / 2);
  }

  #heldBy({ key, network }: Place): Held {
    const owed = (debt: Debt | undefined): number => (debt?.units ?? 0) * this.#scale;
    return {
      all: this.#owed,
      network: owed(this.#networks.get(network)),
      own: owed(this.#spenders.get(key)),
    };
  }

  #add({ key, network }: Place, tokens: number): void {
    this.#owed += tokens;
    for (const [debts, name] of [
      [this.#spenders, key],
      [this.#networks, network],
    ] as const) {
      const debt = debts.get(name);
      if (debt !== undefined) debt.units += tokens / this.#scale;
      else {
        this.#forgetSmall(debts);
        debts.set(name, { units: tokens / this.#scale });
      }
    }
  }

  #payBack(nowMs: number): void {
    const paid = (Math.max(0, nowMs - this.#updatedMs) / 1000) * this.#limits.perSecond;
    this.#updatedMs = nowMs;
    if (paid === 0) return;
    if (paid >= this.#owed) {
      this.#owed = 0;
      this.#scale = 1;
      this.#spenders.clear();
      this.#networks.clear();
      return;
    }
    this.#scale *= (this.#owed - paid) / this.#owed;
    this.#owed -= paid;
    if (this.#scale < LEAST_SCALE) this.#rescale();
  }

  #rescale(): void {
    for (const debts of [this.#spenders, this.#networks]) {
      for (const debt of debts.values()) debt.units *= this.#scale;
    }
    this.#scale = 1;
  }

  /** At most `burst` debts are at least one token. Half of the room is free afterwards, so this is rarely needed. */
  #forgetSmall(debts: Map<string, Debt>): void {
    if (debts.size < 2 * this.#limits.burst) return;
    for (const [name, { units }] of debts) if (units * this.#scale < 1) debts.delete(name);
  }
}
