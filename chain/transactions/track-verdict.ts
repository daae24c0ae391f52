/** A drawn judge binds itself to the result that it reached when it repeated the training and test of another node. */
import { equalBytes } from "../crypto/hash.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { findEntry, requireTrack } from "./find-track.ts";
import type { Rule } from "./rule.ts";

export const trackVerdict: Rule<"track-verdict"> = {
  isDuty: true,
  apply(state, { track, node, seal }, { sender }) {
    requireTrack(state, track, "resultsUntil", "verdictsUntil");
    const own = state.nodeIndex(sender);
    const { entry, replace } = findEntry(state, node, "track-verdict");
    const judge = entry.judges.find((one) => one.node === own);
    if (judge === undefined) {
      refuse(`not drawn to judge node ${node}`, { code: "NOT_ASSIGNED", duty: "track-verdict" });
    }
    if (!equalBytes(judge.seal, ZERO_HASH)) {
      refuse("sealed already", { code: "ALREADY_DONE", duty: "track-verdict" });
    }
    if (equalBytes(seal, ZERO_HASH)) refuseField("seal", "must not be zero");
    const judges = entry.judges.map((one) => (one === judge ? { ...judge, seal } : one));
    state.trackEntries = replace({ ...entry, judges });
  },
};
