/**
 * Counts the votes on parameters by the voting weight of all nodes, seated or not, as far as the limit for one
 * of them allows: more than 2/3 changes one. A draw of seats has no say in it.
 */
import { toHex } from "../crypto/hash.ts";
import { hasLeft } from "../draw/frozen-weights.ts";
import { PomlError } from "../errors.ts";
import { isQuorum } from "../finality/quorum.ts";
import { limitedVotes } from "../rating/voting-limit.ts";
import type { State } from "../state/state.ts";
import type { CastParameterVote } from "../types/state.ts";
import { changed, VOTABLE_PARAMETERS } from "./votable.ts";

/** Runs at the end of an epoch, before its seats leave. Decided questions are forgotten. */
export function countParameterVotes(state: State): void {
  if (state.parameterVotes.length === 0) return;
  const electorate = electorateOf(state);
  for (const vote of firstOfEach(state.parameterVotes)) {
    if (!isQuorum(support(state, electorate, vote), electorate.total)) continue;
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

/** What every node votes with on parameters. */
export interface Electorate {
  /** By node index. */
  readonly votes: readonly bigint[];
  readonly total: bigint;
}

export function electorateOf({ nodes }: Pick<State, "nodes">): Electorate {
  const weights = Array.from(nodes.values(), (node) => (hasLeft(node) ? 0n : node.weight));
  const votes = limitedVotes(weights);
  return { votes, total: votes.reduce((sum, one) => sum + one, 0n) };
}

/** Votes of the nodes that want this value. */
export function support(
  state: Pick<State, "parameterVotes">,
  { votes }: Electorate,
  vote: Pick<CastParameterVote, "parameter" | "value">,
): bigint {
  const question = questionOf(vote);
  return state.parameterVotes
    .filter((one) => questionOf(one) === question)
    .reduce((sum, { node }) => sum + (votes[node] ?? 0n), 0n);
}

function questionOf({ parameter, value }: Pick<CastParameterVote, "parameter" | "value">): string {
  return `${parameter.toString(16).padStart(2, "0")}/${toHex(value)}`;
}
