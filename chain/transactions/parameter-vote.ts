/**
 * A node's vote for the next value of a parameter; it stays until the node votes otherwise. It is free: otherwise a
 * `feeFloor` that was set too high by vote, or an empty account, could prevent the vote that would correct it. A block
 * has limited room for votes (list-room.ts), and a vote that changes nothing is refused.
 */
import { ParameterError } from "../check-parameters.ts";
import { equalBytes } from "../crypto/hash.ts";
import {
  changed,
  encodeValue,
  VOTABLE_PARAMETERS,
  type VotableParameter,
} from "../governance/votable.ts";
import { epochOf } from "../schedule/epoch-of.ts";
import type { State } from "../state/state.ts";
import { withoutPlace } from "../state/unordered-list.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import type { CastParameterVote } from "../types/state.ts";
import { findActiveNode } from "./find-node.ts";
import type { Rule } from "./rule.ts";

export const parameterVote: Rule<"parameter-vote"> = {
  isDuty: true,
  /** Parameters, and the votes of others, change only at the end of an epoch. */
  restsOn(state, sender) {
    const node = state.nodeIndex(sender);
    return [
      epochOf(state.height + 1, state.parameters),
      node === undefined ? undefined : state.nodes.get(node),
    ];
  },
  apply(state, { parameter, value }, { sender, lists }) {
    const { index, node } = findActiveNode(state, sender);
    const name = VOTABLE_PARAMETERS[parameter];
    if (name === undefined) refuseField("parameter", `no votable parameter ${parameter}`);
    checkValue(state, name, value);
    const votes = state.parameterVotes;
    const at = placeOf(votes, index, parameter);
    const isWithdrawal = equalBytes(value, encodeValue(state.parameters[name]));
    const present = isWithdrawal ? undefined : value;
    if (isSame(votes[at]?.value, present)) {
      refuse(
        isWithdrawal
          ? "this node has no vote on it to take back"
          : "this node has already voted for this value",
        { code: "ALREADY_DONE", duty: "parameter-vote" },
      );
    }
    if (isWithdrawal) {
      lists.takeVote(index);
      state.parameterVotes = withoutPlace(votes, at);
      return;
    }
    // Such a vote would not count, and anybody can have thousands of nodes without weight.
    if (node.weight === 0n) {
      refuse(
        "this node has no voting weight",
        { code: "NOT_ASSIGNED", duty: "parameter-vote" },
        "a node can vote some epochs after its first verified window",
      );
    }
    const vote = { node: index, parameter, value };
    lists.takeVote(index);
    state.parameterVotes = at < 0 ? [...votes, vote] : votes.with(at, vote);
  },
};

/** @returns -1 where the node has none on this parameter */
function placeOf(votes: readonly CastParameterVote[], node: number, parameter: number): number {
  for (let at = 0; at < votes.length; at++) {
    const vote = votes[at];
    if (vote?.node === node && vote.parameter === parameter) return at;
  }
  return -1;
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return equalBytes(one, other);
}

function checkValue(state: State, name: VotableParameter, value: Uint8Array): void {
  const present = state.parameters.protocolVersion;
  try {
    const { protocolVersion } = changed(state.parameters, name, value);
    if (protocolVersion < present || protocolVersion > present + 1) {
      refuseField("value", `the version after ${present} is ${present + 1}`);
    }
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    refuseField("value", error.message);
  }
}
