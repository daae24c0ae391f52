/**
 * A node's vote to certify a search algorithm, or to take one off the list; it stands until the node takes it back or the
 * question is decided. Free, one vote a node and block together with those on parameters, and eight at a time: a node
 * fills nothing that others need.
 */
import { equalBytes } from "../crypto/hash.ts";
import { isCertified } from "../governance/count-algorithms.ts";
import { epochOf } from "../schedule/epoch-of.ts";
import { withoutPlace } from "../state/unordered-list.ts";
import { checkRange, refuse, refuseField } from "../transaction-error.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { MAX_ALGORITHM_VOTES_PER_NODE } from "../types/state.ts";
import { findActiveNode } from "./find-node.ts";
import type { Rule } from "./rule.ts";

export const algorithmVote: Rule<"algorithm-vote"> = {
  isDuty: true,
  /** The list, and votes of others, change at the end of an epoch alone. */
  restsOn(state, sender) {
    const node = state.nodeIndex(sender);
    return [
      epochOf(state.height + 1, state.parameters),
      node === undefined ? undefined : state.nodes.get(node),
    ];
  },
  apply(state, { algorithm, isFor }, { sender, lists }) {
    const { index, node } = findActiveNode(state, sender);
    checkRange("isFor", isFor, 0, 1);
    if (equalBytes(algorithm, ZERO_HASH)) refuseField("algorithm", "must be the hash of a module");
    const votes = state.algorithmVotes;
    let own = 0;
    let at = -1;
    votes.forEach((vote, place) => {
      if (vote.node !== index) return;
      own++;
      if (equalBytes(vote.algorithm, algorithm)) at = place;
    });
    const isWithdrawal = isCertified(state, algorithm) === (isFor === 1);
    if (isWithdrawal === at < 0) {
      refuse(
        isWithdrawal ? "this node has no vote on it to take back" : "this node votes so already",
        { code: "ALREADY_DONE", duty: "algorithm-vote" },
      );
    }
    if (isWithdrawal) {
      lists.takeVote(index);
      state.algorithmVotes = withoutPlace(votes, at);
      return;
    }
    // It would count nothing, and anybody can have thousands of such nodes.
    if (node.weight === 0n) {
      refuse(
        "this node has no voting weight",
        { code: "NOT_ASSIGNED", duty: "algorithm-vote" },
        "a node votes some epochs after its first verified window",
      );
    }
    if (own >= MAX_ALGORITHM_VOTES_PER_NODE) {
      refuse(
        `this node votes on ${own} algorithms already`,
        { code: "TOO_MANY_ENTRIES", limit: MAX_ALGORITHM_VOTES_PER_NODE },
        "take one of these votes back first",
      );
    }
    lists.takeVote(index);
    state.algorithmVotes = [...votes, { node: index, algorithm }];
  },
};
