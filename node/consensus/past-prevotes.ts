/**
 * Prevotes of heights that are over. A fork across rounds is proven by a precommit of one side, which its certificate
 * holds, and a later prevote of the other, which no block holds: nodes of that other side keep it for a while.
 */
import type { RoundState } from "../../chain/finality/round-state.ts";
import { voteValue } from "../../chain/finality/vote.ts";
import type { Vote } from "../../chain/types/vote.ts";

/** Heights of more than one round are rare, and a height's votes of 512 seats take some 150 KB a round. */
const HEIGHTS = 32;

export class PastPrevotes {
  readonly #byHeight = new Map<number, readonly Vote[]>();

  /** Keeps what may prove something later: prevotes for blocks, after round 0. */
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
