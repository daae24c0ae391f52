/** A node's vote for the next value of a parameter; it stands until the node votes otherwise. */

import { ParameterError } from "../check-parameters.ts";
import { equalBytes } from "../crypto/hash.ts";
import {
  changed,
  encodeValue,
  VOTABLE_PARAMETERS,
  type VotableParameter,
} from "../governance/votable.ts";
import type { State } from "../state/state.ts";
import { without } from "../state/unordered.ts";
import { MAX_PARAMETER_VOTES } from "../types/state.ts";
import { findActiveNode } from "./find-node.ts";
import { type Rule, refuse, refuseField } from "./rule.ts";

export const parameterVote: Rule<"parameter-vote"> = {
  apply(state, { parameter, value }, { sender }) {
    const { index, node } = findActiveNode(state, sender);
    const name = VOTABLE_PARAMETERS[parameter];
    if (name === undefined) refuseField("parameter", `no votable parameter ${parameter}`);
    checkValue(state, name, value);
    const votes = state.parameterVotes;
    const own = votes.find((vote) => vote.node === index && vote.parameter === parameter);
    const isWithdrawal = equalBytes(value, encodeValue(state.parameters[name]));
    if (isWithdrawal) {
      if (own !== undefined) state.parameterVotes = without(votes, (vote) => vote === own);
      return;
    }
    // It would count nothing, and anybody can have thousands of such nodes.
    if (node.weight === 0n) {
      refuse(
        "this node has no voting weight",
        { code: "NOT_ASSIGNED", duty: "parameter-vote" },
        "a node votes some epochs after its first verified window",
      );
    }
    const vote = { node: index, parameter, value };
    if (own !== undefined) {
      state.parameterVotes = votes.with(votes.indexOf(own), vote);
      return;
    }
    if (votes.length >= MAX_PARAMETER_VOTES) {
      refuse("there is no room for more votes", { code: "ALREADY_DONE", duty: "parameter-vote" });
    }
    state.parameterVotes = [...votes, vote];
  },
};

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
