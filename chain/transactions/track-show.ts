/** Shows the hash that the seals on a result hide, when no seal can be given any more. */
import { equalBytes } from "../crypto/hash.ts";
import { isShown, outputsDigest } from "../track/proof.ts";
import { findEntry, requireTrack } from "./find-track.ts";
import { type Rule, refuse, refuseField } from "./rule.ts";

export const trackShow: Rule<"track-show"> = {
  apply(state, { track, node, outputs }, { sender }) {
    requireTrack(state, track, "verdictsUntil", "shownUntil");
    const own = state.nodeIndex(sender);
    const { entry, replace } = findEntry(state, node, "track-show");
    // A judge that agrees knows it too: nobody falls because he is away for a moment.
    if (own !== node && !entry.judges.some((judge) => judge.node === own)) {
      refuse(`neither node ${node} nor its judge`, { code: "NOT_ASSIGNED", duty: "track-show" });
    }
    if (isShown(entry)) refuse("shown already", { code: "ALREADY_DONE", duty: "track-show" });
    if (!equalBytes(outputsDigest(outputs), entry.outputsDigest)) {
      refuseField("outputs", "is not what the result was bound to");
    }
    const next = { ...entry, outputs };
    if (!isShown(next)) refuseField("outputs", "must not be zero");
    state.trackEntries = replace(next);
  },
};
