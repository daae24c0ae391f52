/**
 * How much of the node's time each caller may take. One token stands for about a millisecond of the main thread.
 * Requests with the API token have a purse of their own, so no flood of strangers keeps the owner out; strangers have
 * one for each address and one for all of them together.
 */
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { TokenBuckets } from "../../p2p/peers/token-bucket.ts";
import type { Clock } from "../clock.ts";
import { apiError } from "./api-error.ts";
import { hasToken } from "./guard.ts";
import type { ApiLimits } from "./limits.ts";

export interface Caller {
  readonly key: string;
  readonly isOwner: boolean;
}

/** Decoded block bytes that take about a millisecond. */
const BYTES_PER_TOKEN = 32 * 1024;
const OWNER: Caller = { key: "owner", isOwner: true };
const ALL = "all";

/** What reading so many bytes of blocks costs. */
export function tokensOfBlocks(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

export class RateLimiter {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #addresses: TokenBuckets;
  readonly #strangers: TokenBuckets;
  readonly #owner: TokenBuckets;

  constructor(limits: ApiLimits, clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    const { requestBurst, requestsPerSecond, strangersBurst, strangersPerSecond } = limits;
    this.#addresses = new TokenBuckets({ burst: requestBurst, perSecond: requestsPerSecond });
    this.#strangers = new TokenBuckets({ burst: strangersBurst, perSecond: strangersPerSecond }, 1);
    this.#owner = new TokenBuckets(
      { burst: limits.ownerBurst, perSecond: limits.ownerPerSecond },
      1,
    );
  }

  /** @throws ApiError TOO_MANY_REQUESTS with the seconds to wait */
  take(caller: Caller, tokens = 1): void {
    const now = this.#clock.monotonic();
    for (const [buckets, key] of this.#purses(caller)) {
      if (buckets.take(key, now, tokens)) continue;
      throw tooManyRequests(caller, Math.ceil(buckets.waitMs(key, now, tokens) / 1000));
    }
  }

  /** For what an answer took beyond what was taken before it. */
  charge(caller: Caller, tokens: number): void {
    const now = this.#clock.monotonic();
    for (const [buckets, key] of this.#purses(caller)) buckets.charge(key, now, tokens);
  }

  #purses({ key, isOwner }: Caller): readonly (readonly [TokenBuckets, string])[] {
    if (isOwner) return [[this.#owner, key]];
    return [
      [this.#addresses, key],
      [this.#strangers, ALL],
    ];
  }
}

/** A wrong token counts as none: else each guess would have a purse of its own. */
export function callerOf(request: IncomingMessage, token: string): Caller {
  if (hasToken(request, token)) return OWNER;
  return { key: networkOf(request.socket.remoteAddress ?? ""), isOwner: false };
}

/** An IPv6 /64 has one owner. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = "", tail = ""] = address.split("::");
  const [first, last] = [head, tail].map((part) => (part === "" ? [] : part.split(":")));
  const zeros = Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => "0");
  return `${[...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(":")}::/64`;
}

function tooManyRequests({ isOwner }: Caller, seconds: number): Error {
  const from = isOwner ? "with this token" : "without the token";
  const retryAfter = Math.max(1, seconds);
  return apiError(429, "TOO_MANY_REQUESTS", `too many, or too costly, requests ${from}`, {
    retryAfter,
    remedy: isOwner
      ? `wait ${retryAfter} s; follow /v1/events instead of polling, and ask for shorter pages`
      : `wait ${retryAfter} s; follow /v1/events instead of polling, or send the node's API token`,
  });
}
