/**
 * Rate limits per key (a peer, or a peer and protocol) as token buckets with the time passed in.
 * Full buckets are forgotten, so memory is bounded by the keys seen within one refill time, and by `maxKeys`.
 */

export interface Rate {
  /** Tokens a rested key may spend at once. */
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

  /** Spends one token of `key`; false when there is none left. */
  take(key: string, nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#maxKeys) this.#forgetRested(nowMs);
      if (this.#buckets.size >= this.#maxKeys) return false;
      this.#buckets.set(key, { tokens: burst - 1, updatedMs: nowMs });
      return true;
    }
    const elapsedMs = Math.max(0, nowMs - bucket.updatedMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs / 1000) * perSecond);
    bucket.updatedMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #forgetRested(nowMs: number): void {
    const refillMs = (this.#rate.burst / this.#rate.perSecond) * 1000;
    for (const [key, bucket] of this.#buckets) {
      if (nowMs - bucket.updatedMs >= refillMs) this.#buckets.delete(key);
    }
  }
}
