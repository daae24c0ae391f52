/**
 * Limits how much of the node's time each caller may use. One token stands for about a millisecond of the main thread.
 * Requests with the API token have a separate budget, so no flood of strangers can lock out the owner; strangers share
 * one budget in fair parts.
 */
import { TokenBuckets } from "../../p2p/token-bucket.ts";
import type { Clock } from "../clock.ts";
import { apiError } from "./api-error.ts";
import type { Caller } from "./caller.ts";
import type { ApiLimits } from "./limits.ts";
import { SharedPurse } from "./shared-purse.ts";

/** Decoded block bytes that take about a millisecond. */
const BYTES_PER_TOKEN = 32 * 1024;

/** The cost of reading so many bytes of blocks. */
export function tokensOfBlocks(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

export class RateLimiter {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #strangers: SharedPurse;
  readonly #owner: TokenBuckets;

  constructor(limits: ApiLimits, clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    const { strangersBurst, strangersPerSecond, ownerBurst, ownerPerSecond } = limits;
    this.#strangers = new SharedPurse({ burst: strangersBurst, perSecond: strangersPerSecond });
    this.#owner = new TokenBuckets({ burst: ownerBurst, perSecond: ownerPerSecond }, 1);
  }

  /** @throws ApiError TOO_MANY_REQUESTS with the seconds to wait */
  take(caller: Caller, tokens = 1): void {
    const now = this.#clock.monotonic();
    if (caller.isOwner) {
      if (this.#owner.take(caller.key, now, tokens)) return;
      throw tooManyRequests(caller, this.#owner.waitMs(caller.key, now, tokens));
    }
    if (this.#strangers.take(caller, now, tokens)) return;
    throw tooManyRequests(caller, this.#strangers.waitMs(caller, now, tokens));
  }

  /** For the part of an answer's cost that exceeds what was taken before it. */
  charge(caller: Caller, tokens: number): void {
    const now = this.#clock.monotonic();
    if (caller.isOwner) this.#owner.charge(caller.key, now, tokens);
    else this.#strangers.charge(caller, now, tokens);
  }
}

function tooManyRequests({ isOwner }: Caller, waitMs: number): Error {
  const from = isOwner ? "with this token" : "without the token";
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  return apiError(429, "TOO_MANY_REQUESTS", `too many, or too costly, requests ${from}`, {
    retryAfter,
    remedy: isOwner
      ? `wait ${retryAfter} s; follow /v1/events instead of polling, and ask for shorter pages`
      : `wait ${retryAfter} s; follow /v1/events instead of polling, or send the node's API token`,
  });
}
