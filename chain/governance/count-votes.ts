/**
 * Counts the votes on parameters by the voting weight of all nodes, whether they have a seat or not, up to the limit
 * for one node: more than 2/3 changes a parameter. The draw of seats does not matter here.
 */
import { bytesKey } from "../crypto/hash.ts";
import { hasLeft } from "../draw/frozen-weights.ts";
import { PomlError } from "../errors.ts";
import { isQuorum } from "../finality/quorum.ts";
import type { State } from "../state/state.ts";
import { without } from "../state/unordered-list.ts";
import type { Parameters } from "../types/genesis.ts";
import type { CastParameterVote } from "../types/state.ts";
import { limitedVotes } from "../weight/voting-limit.ts";
import { weightOf } from "../weight/weight.ts";
import { changed, VOTABLE_PARAMETERS } from "./votable.ts";

/** Runs at the end of an epoch, before its seats are replaced. The votes on decided questions are forgotten. */
export function countParameterVotes(state: State): void {
  if (state.parameterVotes.length === 0) return;
  const electorate = electorateOf(state);
  const decided = new Set<number>();
  // Votes of nodes without weight decide nothing, and anybody can make thousands of them.
  const parameterVotes = state.parameterVotes.filter(({ node }) => electorate.votes[node] !== 0n);
  for (const tally of talliesOf({ parameterVotes }, electorate)) {
    if (decided.has(tally.parameter) || !isQuorum(tally.weight, electorate.total)) continue;
    adopt(state, tally);
    decided.add(tally.parameter);
  }
  if (decided.size === 0) return;
  state.parameterVotes = without(state.parameterVotes, ({ parameter }) => decided.has(parameter));
}

/**
 * Two changes in one epoch may contradict each other; then the later one in this order is dropped. A change that would
 * leave no node with weight is dropped, too, because nobody could vote to undo it.
 */
function adopt(state: State, { parameter, value }: Tally): void {
  const name = VOTABLE_PARAMETERS[parameter];
  if (name === undefined) return;
  try {
    const parameters = changed(state.parameters, name, value);
    if (leavesWeight(state, parameters)) state.meta = { ...state.meta, parameters };
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
  }
}

function leavesWeight({ nodes }: State, parameters: Parameters): boolean {
  for (const node of nodes.values()) {
    if (!hasLeft(node) && weightOf(node, parameters) > 0n) return true;
  }
  return false;
}

/** The votes that every node has on parameters. */
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

/** The nodes that want one value of one parameter. */
export interface Tally {
  readonly parameter: number;
  readonly value: Uint8Array;
  readonly nodes: readonly number[];
  /** The votes of these nodes. */
  readonly weight: bigint;
}

/** For each proposed value, in order of parameter and value. One pass over the votes, however many values there are. */
export function talliesOf(
  { parameterVotes }: Pick<State, "parameterVotes">,
  { votes }: Electorate,
): Tally[] {
  const byQuestion = new Map<string, Tally & { nodes: number[]; weight: bigint }>();
  for (const vote of parameterVotes) {
    const { parameter, value, node } = vote;
    const question = questionOf(vote);
    const tally = byQuestion.get(question) ?? { parameter, value, nodes: [], weight: 0n };
    tally.nodes.push(node);
    tally.weight += votes[node] ?? 0n;
    byQuestion.set(question, tally);
  }
  return [...byQuestion].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tally]) => tally);
}

function questionOf({ parameter, value }: Pick<CastParameterVote, "parameter" | "value">): string {
  return String.fromCharCode(parameter) + bytesKey(value);
}
