/**
 * One purse that many spend from, in fair parts. What somebody takes is a debt. All debts together are paid back at one
 * rate, each in proportion to its size, and have one limit. What one may owe depends on what is left (`fair-part.ts`).
 *
 * The sum of all debts is kept by itself. Whoever owes less than a token is forgotten when there are many, and gains
 * less than a token by it; as the sum has a limit, so has the number of those who owe more.
 */
import type { Place } from "../../p2p/peers/place.ts";
import { fairRoom, type Held } from "./fair-part.ts";

export interface PurseLimits {
  /** Tokens that may be owed at once, by all together. */
  readonly burst: number;
  readonly perSecond: number;
}

/** Of a debt; real tokens are these times the scale. */
interface Debt {
  units: number;
}

/**
 * Who is of a network that owes less gets what costs more, once there is room for this. It is large beside small parts.
 * The network counts: else each new address of one could go beyond what all may owe.
 */
const LEAST = 10;
/** Below it, debts are written anew, so that numbers stay exact. */
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

  /** Takes tokens; false where the spender owes its part already. */
  take(who: Place, nowMs: number, tokens: number): boolean {
    this.#payBack(nowMs);
    if (this.#needed(who, tokens) > fairRoom(this.#limits.burst, this.#heldBy(who))) return false;
    this.#add(who, tokens);
    return true;
  }

  /** Takes tokens for what has been done already, whatever the spender owes. */
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
    // All debts shrink by one factor, so the room grows in a line from what it is to that of an empty purse.
    const part = (needed - room) / (burst / 2 - room);
    return ((this.#owed * part) / perSecond) * 1000;
  }

  /** Spenders it remembers. */
  get size(): number {
    return this.#spenders.size;
  }

  /** Room that must be there for so many tokens; never more than somebody has who is alone and owes nothing. */
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

  /** At most `burst` debts are of a token or more. Half of the room is free afterwards, so this is done seldom. */
  #forgetSmall(debts: Map<string, Debt>): void {
    if (debts.size < 2 * this.#limits.burst) return;
    for (const [name, { units }] of debts) if (units * this.#scale < 1) debts.delete(name);
  }
}
