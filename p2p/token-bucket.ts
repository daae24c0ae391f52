/**
 * Rate limits per key (a peer, or a peer and protocol) as token buckets; the time is passed in. Full buckets are
 * forgotten, so memory is bounded by the keys seen within one refill time, and by `maxKeys`.
 */

export interface Rate {
  /** Tokens that a key may spend at once after a rest. */
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  updatedMs: number;
}

export class TokenBuckets {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, maxKeys = 4096) {
    this.#rate = rate;
    this.#maxKeys = maxKeys;
  }

  /**
   * Spends tokens of `key`; returns false when it has too few. An amount above the burst needs a full bucket and leaves
   * a debt.
   */
  take(key: string, nowMs: number, tokens = 1): boolean {
    const bucket = this.#refilled(key, nowMs);
    if (bucket === undefined || bucket.tokens < Math.min(tokens, this.#rate.burst)) return false;
    bucket.tokens -= tokens;
    return true;
  }

  /** Spends tokens for something that has already been done; the balance of the key may become negative. */
  charge(key: string, nowMs: number, tokens: number): void {
    const bucket = this.#refilled(key, nowMs);
    if (bucket !== undefined) bucket.tokens -= tokens;
  }

  /** Milliseconds until `take` may succeed. */
  waitMs(key: string, nowMs: number, tokens = 1): number {
    const { burst, perSecond } = this.#rate;
    const held = this.#refilled(key, nowMs)?.tokens ?? 0;
    return Math.max(0, ((Math.min(tokens, burst) - held) / perSecond) * 1000);
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Undefined for a new key when there is no room for it. */
  #refilled(key: string, nowMs: number): Bucket | undefined {
    const { burst, perSecond } = this.#rate;
    const known = this.#buckets.get(key);
    if (known !== undefined) {
      const elapsedMs = Math.max(0, nowMs - known.updatedMs);
      known.tokens = Math.min(burst, known.tokens + (elapsedMs / 1000) * perSecond);
      known.updatedMs = nowMs;
      return known;
    }
    if (this.#buckets.size >= this.#maxKeys) this.#forgetRested(nowMs);
    if (this.#buckets.size >= this.#maxKeys) return undefined;
    const bucket = { tokens: burst, updatedMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forgetRested(nowMs: number): void {
    const { burst, perSecond } = this.#rate;
    for (const [key, { tokens, updatedMs }] of this.#buckets) {
      if (nowMs - updatedMs >= ((burst - tokens) / perSecond) * 1000) this.#buckets.delete(key);
    }
  }
}
