/**
 * Counts the votes on search algorithms, as those on parameters are: with the voting weight of all nodes, more than 2/3
 * put an algorithm on the list of certified ones, or take it off.
 */
import { bytesKey, compareBytes, equalBytes } from "../crypto/hash.ts";
import { isQuorum } from "../finality/quorum.ts";
import type { State } from "../state/state.ts";
import { without } from "../state/unordered-list.ts";
import { MAX_ALGORITHMS } from "../types/state.ts";
import { type Electorate, electorateOf } from "./count-votes.ts";

export function isCertified({ algorithms }: Pick<State, "algorithms">, hash: Uint8Array): boolean {
  return algorithms.some((one) => equalBytes(one, hash));
}

/** Runs at the end of an epoch. Votes on what was decided are forgotten. */
export function countAlgorithmVotes(state: State): void {
  if (state.algorithmVotes.length === 0) return;
  const electorate = electorateOf(state);
  const decided = new Set<string>();
  for (const { algorithm, weight } of algorithmTallies(state, electorate)) {
    if (!isQuorum(weight, electorate.total)) continue;
    decide(state, algorithm);
    decided.add(bytesKey(algorithm));
  }
  if (decided.size === 0) return;
  const isDecided = (algorithm: Uint8Array): boolean => decided.has(bytesKey(algorithm));
  state.algorithmVotes = without(state.algorithmVotes, ({ algorithm }) => isDecided(algorithm));
}

/** The nodes that want an algorithm on the list, or off it where it is there. */
export interface AlgorithmTally {
  readonly algorithm: Uint8Array;
  readonly nodes: readonly number[];
  /** The votes of these nodes. */
  readonly weight: bigint;
}

/** In order of the hash. */
export function algorithmTallies(
  { algorithmVotes }: Pick<State, "algorithmVotes">,
  { votes }: Electorate,
): AlgorithmTally[] {
  const tallies = new Map<string, AlgorithmTally & { nodes: number[]; weight: bigint }>();
  for (const { node, algorithm } of algorithmVotes) {
    const key = bytesKey(algorithm);
    const tally = tallies.get(key) ?? { algorithm, nodes: [], weight: 0n };
    tally.nodes.push(node);
    tally.weight += votes[node] ?? 0n;
    tallies.set(key, tally);
  }
  return [...tallies.values()].sort((a, b) => compareBytes(a.algorithm, b.algorithm));
}

/** Where the list is full, the decision comes to nothing. */
function decide(state: State, algorithm: Uint8Array): void {
  const { algorithms } = state;
  if (isCertified(state, algorithm)) {
    state.algorithms = algorithms.filter((one) => !equalBytes(one, algorithm));
  } else if (algorithms.length < MAX_ALGORITHMS) {
    state.algorithms = [...algorithms, algorithm];
  }
}
