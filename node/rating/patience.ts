/**
 * How long to wait for a claimant that holds requests open: all of them together leave a third of the
 * stage for the replays, or whoever was drawn would be too late and pay for the claimant's silence.
 */
import type { Parameters } from "../../chain/types/genesis.ts";

/** Of one request at most, milliseconds. */
const LONGEST_MS = 10_000;
/** Requests beyond one for each segment, which wait half as long: what comes late comes the first time. */
const RETRIES = 2;

export class Patience {
  /** Milliseconds to wait for the reply to the first request for a segment. */
  readonly firstMs: number;
  /** To one more. */
  readonly retryMs: number;
  #retries = RETRIES;

  /** @param segments of one claim that are asked for, one after another */
  constructor(
    { verdictBlocks, blockIntervalMs }: Pick<Parameters, "verdictBlocks" | "blockIntervalMs">,
    segments: number,
  ) {
    const stageMs = verdictBlocks * blockIntervalMs;
    const each = Math.floor((2 * stageMs) / 3 / (segments + RETRIES / 2));
    this.firstMs = Math.max(1, Math.min(LONGEST_MS, each));
    this.retryMs = Math.ceil(this.firstMs / 2);
  }

  /** @returns whether one that was not served is asked for once more */
  again(): boolean {
    return this.#retries-- > 0;
  }
}
