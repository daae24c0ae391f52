/**
 * Expensive answers wait for their turn: only a few are made at a time, so that the chain's own work never waits behind
 * many of them. Networks take turns, and within each its addresses; the owner's answers have separate turns.
 */
import { FairTurns } from "../fair-turns.ts";
import { apiError } from "./api-error.ts";
import type { Caller } from "./caller.ts";
import type { ApiLimits } from "./limits.ts";
import { SharedPlaces } from "./shared-places.ts";

export class Turns {
  readonly #strangers: FairTurns;
  readonly #owner: FairTurns;
  /** Where strangers wait. The owner is alone in its own places, of which one user gets half. */
  readonly #places: SharedPlaces;
  readonly #ownerPlaces: SharedPlaces;

  constructor({ costlyAtOnce, costlyWaiting, costlyWaitingPerAddress }: ApiLimits) {
    this.#strangers = new FairTurns(costlyAtOnce);
    this.#owner = new FairTurns(costlyAtOnce);
    this.#places = new SharedPlaces(costlyWaiting, costlyWaitingPerAddress);
    this.#ownerPlaces = new SharedPlaces(2 * costlyWaiting);
  }

  /** @throws ApiError TOO_MANY_COSTLY_REQUESTS; the signal's reason when it fires before the turn */
  async use<T>(caller: Caller, gone: AbortSignal, answer: () => Promise<T>): Promise<T> {
    const turns = caller.isOwner ? this.#owner : this.#strangers;
    const turn = { group: caller.network, member: caller.key };
    if (!turns.isFull) return turns.use(turn, gone, answer);
    const places = caller.isOwner ? this.#ownerPlaces : this.#places;
    if (!places.take(caller)) throw busy();
    let isWaiting = true;
    const leave = (): void => {
      if (isWaiting) places.release(caller);
      isWaiting = false;
    };
    const begin = (): Promise<T> => {
      leave();
      return answer();
    };
    return turns.use(turn, gone, begin).finally(leave);
  }
}

function busy(): Error {
  return apiError(429, "TOO_MANY_COSTLY_REQUESTS", "too many costly requests wait already", {
    retryAfter: 1,
    remedy: "ask one after another, and for shorter pages",
  });
}
