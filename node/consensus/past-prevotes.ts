/**
 * Prevotes of past heights. A fork across rounds is proven by a precommit of one side, which is in its certificate, and
 * a later prevote of the other side, which is in no block. So nodes keep prevotes for a while.
 */
import type { RoundState } from "../../chain/finality/round-state.ts";
import { voteValue } from "../../chain/finality/vote.ts";
import type { Vote } from "../../chain/types/vote.ts";

/** Heights with more than one round are rare; the votes of 512 seats take about 150 KB per round. */
const HEIGHTS = 32;

export class PastPrevotes {
  readonly #byHeight = new Map<number, readonly Vote[]>();

  /** Keeps prevotes that may prove something later: those for blocks, after round 0. */
  keep({ height, rounds }: Pick<RoundState, "height" | "rounds">): void {
    const votes = rounds
      .filter(({ round }) => round > 0)
      .flatMap(({ prevote }) => prevote.votes.filter((vote) => voteValue(vote.blockHash) !== null));
    if (votes.length === 0) return;
    this.#byHeight.set(height, votes);
    const [oldest] = this.#byHeight.keys();
    if (this.#byHeight.size > HEIGHTS && oldest !== undefined) this.#byHeight.delete(oldest);
  }

  at(height: number): readonly Vote[] {
    return this.#byHeight.get(height) ?? [];
  }
}
