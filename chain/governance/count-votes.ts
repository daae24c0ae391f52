/** Counts the votes on parameters by the weight of this epoch's seats: more than 2/3 changes one. */

import { toHex } from "../crypto/hash.ts";
import { PomlError } from "../errors.ts";
import { isQuorum } from "../finality/quorum.ts";
import { totalWeight } from "../rating/weight.ts";
import type { State } from "../state/state.ts";
import type { CastParameterVote } from "../types/state.ts";
import { changed, VOTABLE_PARAMETERS } from "./votable.ts";

/** Runs at the end of an epoch, before its seats leave. Decided questions are forgotten. */
export function countParameterVotes(state: State): void {
  const total = totalWeight(state.seats);
  for (const vote of firstOfEach(state.parameterVotes)) {
    if (!isQuorum(support(state, vote), total)) continue;
    adopt(state, vote);
    state.parameterVotes = state.parameterVotes.filter((v) => v.parameter !== vote.parameter);
  }
}

/** Two changes of one epoch may not go together: then the later one in this order is dropped. */
function adopt(state: State, { parameter, value }: CastParameterVote): void {
  const name = VOTABLE_PARAMETERS[parameter];
  if (name === undefined) return;
  try {
    const parameters = changed(state.parameters, name, value);
    state.meta = { ...state.meta, parameters };
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
  }
}

/** One vote for each value of each parameter, in order of parameter and value. */
function firstOfEach(votes: readonly CastParameterVote[]): CastParameterVote[] {
  const byQuestion = new Map(votes.map((vote) => [questionOf(vote), vote]));
  return [...byQuestion.keys()].sort().flatMap((key) => byQuestion.get(key) ?? []);
}

/** Weight of the seats whose nodes voted so. */
export function support(
  state: State,
  vote: Pick<CastParameterVote, "parameter" | "value">,
): bigint {
  const question = questionOf(vote);
  const backers = new Set(
    state.parameterVotes.filter((v) => questionOf(v) === question).map(({ node }) => node),
  );
  return totalWeight(state.seats.filter(({ node }) => backers.has(node)));
}

function questionOf({ parameter, value }: Pick<CastParameterVote, "parameter" | "value">): string {
  return `${parameter.toString(16).padStart(2, "0")}/${toHex(value)}`;
}
