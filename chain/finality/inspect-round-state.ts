/** The state of the height under way as plain JSON, for the status page, logs and bug reports. */
import type { Polka, RoundState, Step } from "./round-state.ts";
import type { Share, Tally } from "./tally.ts";

export interface RoundStateReport {
  readonly height: number;
  readonly round: number;
  readonly step: Step;
  readonly totalWeight: string;
  readonly locked: Polka | null;
  readonly valid: Polka | null;
  readonly decision: Polka | null;
  /** Values whose blocks this node does not have. */
  readonly wanted: readonly string[];
  readonly rounds: readonly RoundReport[];
}
interface RoundReport {
  readonly round: number;
  readonly proposals: readonly string[];
  readonly prevote: TallyReport;
  readonly precommit: TallyReport;
}
interface TallyReport {
  readonly seats: readonly number[];
  readonly heardWeight: string;
  /** `value` null = nil. */
  readonly shares: readonly { readonly value: string | null; readonly weight: string }[];
}

export function inspectRoundState(state: RoundState): RoundStateReport {
  const { height, round, step, locked, valid, decision, wanted } = state;
  return {
    height,
    round,
    step,
    totalWeight: String(state.total),
    locked,
    valid,
    decision,
    wanted,
    rounds: state.rounds.map((known) => ({
      round: known.round,
      proposals: known.proposals.map((proposal) => proposal.value),
      prevote: inspectTally(known.prevote),
      precommit: inspectTally(known.precommit),
    })),
  };
}

function inspectTally({ votes, heard, shares }: Tally): TallyReport {
  return {
    seats: [...new Set(votes.map((vote) => vote.seat))].sort((a, b) => a - b),
    heardWeight: String(heard),
    shares: shares.map(({ value, weight }: Share) => ({ value, weight: String(weight) })),
  };
}
