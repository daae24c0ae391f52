/** A node claims the segments it worked in the window that just closed, before any is revealed. */
import { windowAt } from "../rating/window.ts";
import { findActiveNode } from "./find-node.ts";
import { type Rule, refuse, refuseField } from "./rule.ts";

export const windowCommit: Rule<"window-commit"> = {
  apply(state, { window, segments, checkpointRoot }, { sender }) {
    const schedule = windowAt(state.height, state.parameters);
    if (
      schedule?.window !== window ||
      state.height <= schedule.closes ||
      state.height > schedule.claimsUntil
    ) {
      refuse(`window ${window} takes no claims at height ${state.height}`, {
        code: "NO_WINDOW",
        window,
      });
    }
    const { index: node, node: record } = findActiveNode(state, sender);
    if (record.registeredAt >= schedule.opens) {
      refuse("registered after the window opened", { code: "NOT_ASSIGNED", duty: "window-commit" });
    }
    if (segments === 0) refuseField("segments", "at least one");
    if (state.claims.some((claim) => claim.node === node)) {
      refuse("claimed already", { code: "ALREADY_DONE", duty: "window-commit" });
    }
    const claim = { node, window, segments, checkpointRoot, claimed: state.meta.time };
    state.claims = [...state.claims, { ...claim, verifiers: [], segmentsDrawn: [], verdicts: [] }];
  },
};
