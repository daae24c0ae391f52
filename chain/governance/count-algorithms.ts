/**
 * Counts the votes on search algorithms, as those on parameters are: with the voting weight of all nodes, more than 2/3
 * put an algorithm on the list of certified ones, or take it off.
 */
import { bytesKey, compareBytes, equalBytes } from "../crypto/hash.ts";
import { isQuorum } from "../finality/quorum.ts";
import type { State } from "../state/state.ts";
import { without } from "../state/unordered.ts";
import { MAX_ALGORITHMS } from "../types/state.ts";
import { electorateOf } from "./count-votes.ts";

export function isCertified({ algorithms }: Pick<State, "algorithms">, hash: Uint8Array): boolean {
  return algorithms.some((one) => equalBytes(one, hash));
}

/** Runs at the end of an epoch. Votes on what was decided are forgotten. */
export function countAlgorithmVotes(state: State): void {
  if (state.algorithmVotes.length === 0) return;
  const { votes, total } = electorateOf(state);
  const weights = new Map<string, { algorithm: Uint8Array; weight: bigint }>();
  for (const { node, algorithm } of state.algorithmVotes) {
    const key = bytesKey(algorithm);
    const weight = (weights.get(key)?.weight ?? 0n) + (votes[node] ?? 0n);
    weights.set(key, { algorithm, weight });
  }
  const decided = new Set<string>();
  const inOrder = [...weights].sort(([, a], [, b]) => compareBytes(a.algorithm, b.algorithm));
  for (const [key, { algorithm, weight }] of inOrder) {
    if (!isQuorum(weight, total)) continue;
    decide(state, algorithm);
    decided.add(key);
  }
  if (decided.size === 0) return;
  const isDecided = (algorithm: Uint8Array): boolean => decided.has(bytesKey(algorithm));
  state.algorithmVotes = without(state.algorithmVotes, ({ algorithm }) => isDecided(algorithm));
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
