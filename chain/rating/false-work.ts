/** The penalty for false work, wherever it is found: in a window, in a job's audit, on the open track. */
import { takeBond } from "../bond/take-bond.ts";
import { addressOf } from "../crypto/address.ts";
import type { State } from "../state/state.ts";
import type { NodeRecord } from "../types/node.ts";
import { failedMore, UNIT } from "./formula.ts";

/** Windows in which a caught cheat is checked more closely. */
export const PROBATION_WINDOWS = 3;

/** What is left of a node's rating: it starts again from nothing, under probation. */
export function caught(node: NodeRecord): NodeRecord {
  return {
    ...failedMore(node, UNIT),
    measured: [],
    capacity: 0n,
    verified: 0,
    probation: PROBATION_WINDOWS,
  };
}

/** Takes a share of the bond: a part goes to the nodes that showed the fault, the rest burns. */
export function takeForFalseWork(state: State, index: number, provers: readonly number[]): void {
  const { falseWorkShare: share, evidenceReward: reward } = state.parameters;
  const earners = provers.map((prover) => addressOf(state.nodes.at(prover).publicKey));
  takeBond(state, index, { share, reward, earners });
}
