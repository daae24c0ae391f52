/**
 * Announces the hash onion that follows the present one. It takes over two epochs later, so that nobody can know the
 * mix at that time, and it is accepted only once the old onion is nearly used up.
 */
import { epochOf } from "../schedule/epoch-of.ts";
import { refuse } from "../transaction-error.ts";
import { findActiveNode } from "./find-node.ts";
import { checkOnionLength } from "./register.ts";
import type { Rule } from "./rule.ts";

/** A node may announce a new onion when at most so many reveals are left. */
export const REONION_BELOW = 1024;

export const reonion: Rule<"reonion"> = {
  isDuty: true,
  apply(state, { onion, onionLength }, { sender }) {
    const { index, node } = findActiveNode(state, sender);
    checkOnionLength(onionLength);
    if (node.onionLeft > REONION_BELOW) {
      refuse(`${node.onionLeft} reveals are left, a new onion is taken at ${REONION_BELOW}`, {
        code: "NOT_ASSIGNED",
        duty: "reonion",
      });
    }
    if (node.nextOnionEpoch !== 0) {
      refuse("a new onion is announced already", { code: "ALREADY_DONE", duty: "reonion" });
    }
    state.nodes.set(index, {
      ...node,
      nextOnion: onion,
      nextOnionLeft: onionLength,
      nextOnionEpoch: epochOf(state.height, state.parameters) + 2,
    });
  },
};
