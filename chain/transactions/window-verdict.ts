/** A drawn verifier reports whether the segment it replayed gave the claimed checkpoint. */
import { VERDICTS } from "../types/node.ts";
import { type Rule, refuse, refuseField } from "./rule.ts";

export const windowVerdict: Rule<"window-verdict"> = {
  apply(state, { window, node, verdict }, { sender }) {
    if (verdict >= VERDICTS.length) refuseField("verdict", `unknown value ${verdict}`);
    const at = state.claims.findIndex((claim) => claim.node === node && claim.window === window);
    const claim = state.claims[at];
    if (claim === undefined) {
      refuse(`no claim of node ${node} in window ${window}`, { code: "NO_WINDOW", window });
    }
    const index = state.nodeIndex(sender);
    const position = index === undefined ? -1 : claim.verifiers.indexOf(index);
    if (position === -1) {
      refuse("not drawn to verify this claim", { code: "NOT_ASSIGNED", duty: "window-verdict" });
    }
    if (claim.verdicts[position] !== 0) {
      refuse("verdict given already", { code: "ALREADY_DONE", duty: "window-verdict" });
    }
    const verdicts = claim.verdicts.map((old, i) => (i === position ? verdict + 1 : old));
    state.claims = state.claims.map((old, i) => (i === at ? { ...claim, verdicts } : old));
  },
};
