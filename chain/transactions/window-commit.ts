/** A node claims the work that it did in the window that has just closed, before any of it is revealed. */
import { NO_APPEAL } from "../rating/appeal.ts";
import { segmentsOf } from "../rating/draw-segments.ts";
import { isUnderWay } from "../rating/window.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { ENERGY_SOURCES } from "../types/window.ts";
import { findActiveNode } from "./find-node.ts";
import type { Rule } from "./rule.ts";

/** The largest number of segments of a lane: more than any window allows, and few enough for every sum. */
const MAX_SEGMENTS = 1_000_000;

export const windowCommit: Rule<"window-commit"> = {
  isDuty: true,
  apply(state, payload, { sender }) {
    const { number, opens, closes, claimsUntil } = state.window;
    const { window, lanes, energyMillijoules, energySource } = payload;
    const isOpen = state.height > closes && state.height <= claimsUntil;
    if (!isUnderWay(state.window) || window !== number || payload.opens !== opens || !isOpen) {
      refuse(`window ${window} takes no claims at height ${state.height}`, {
        code: "NO_WINDOW",
        window,
      });
    }
    const { index, node } = findActiveNode(state, sender);
    if (node.registeredAt >= opens) {
      refuse("registered after the window opened", { code: "NOT_ASSIGNED", duty: "window-commit" });
    }
    if (segmentsOf(lanes) === 0) refuseField("lanes", "at least one segment in all");
    for (const { segments } of lanes) {
      if (segments > MAX_SEGMENTS) {
        refuseField("lanes", `at most ${MAX_SEGMENTS} segments each, got ${segments}`);
      }
    }
    if (ENERGY_SOURCES[energySource] === undefined) {
      refuseField("energySource", `unknown value ${energySource}`);
    }
    if (state.claims.some((claim) => claim.node === index)) {
      refuse("claimed already", { code: "ALREADY_DONE", duty: "window-commit" });
    }
    const claim = {
      node: index,
      lanes,
      energyMillijoules,
      energySource,
      claimed: state.meta.time,
      checks: [],
      appeal: NO_APPEAL,
    };
    state.claims = [...state.claims, claim];
  },
};
