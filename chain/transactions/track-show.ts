/**
 * Shows the values behind the seals on a result, when no more seals are accepted. The node, or a judge that agrees,
 * shows the hash of the outputs; a judge that reached another result shows from what its own seal was made.
 */
import { explains } from "../committee/ruling.ts";
import { isOpened } from "../committee/seal.ts";
import { equalBytes } from "../crypto/hash.ts";
import type { State } from "../state/state.ts";
import { isShown, outputsDigest } from "../track/proof.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { TrackEntry } from "../types/track.ts";
import { findEntry, requireTrack } from "./find-track.ts";
import type { Rule } from "./rule.ts";

const duty = "track-show";

export const trackShow: Rule<"track-show"> = {
  isDuty: true,
  apply(state, { track, node, outputs, reached }, { sender }) {
    requireTrack(state, track, "verdictsUntil", "shownUntil");
    const own = state.nodeIndex(sender);
    const { entry, replace } = findEntry(state, node, duty);
    // A judge that agrees knows it too, so a node that is offline for a moment is not found false.
    if (own === undefined || (own !== node && !entry.judges.some((judge) => judge.node === own))) {
      refuse(`neither node ${node} nor its judge`, { code: "NOT_ASSIGNED", duty });
    }
    state.trackEntries = replace(
      isOpened({ opened: reached })
        ? refuted(state, entry, { own, outputs, reached })
        : shown(entry, outputs),
    );
  },
};

function shown(entry: TrackEntry, outputs: Uint8Array): TrackEntry {
  if (isShown(entry)) refuse("shown already", { code: "ALREADY_DONE", duty });
  if (!equalBytes(outputsDigest(outputs), entry.outputsDigest)) {
    refuseField("outputs", "is not what the result was bound to");
  }
  const next = { ...entry, outputs };
  if (!isShown(next)) refuseField("outputs", "must not be zero");
  return next;
}

function refuted(
  { nodes }: State,
  entry: TrackEntry,
  { own, outputs, reached }: { own: number; outputs: Uint8Array; reached: Uint8Array },
): TrackEntry {
  if (!equalBytes(outputs, ZERO_HASH)) refuseField("outputs", "must be zero beside another answer");
  const mine = entry.judges.find((judge) => judge.node === own);
  if (mine === undefined) refuse("not its judge", { code: "NOT_ASSIGNED", duty });
  if (isOpened({ opened: mine.reached })) refuse("shown already", { code: "ALREADY_DONE", duty });
  if (!explains(reached, { seal: mine.seal, publicKey: nodes.at(own).publicKey })) {
    refuseField("reached", "is not the value from which the seal was made");
  }
  const judges = entry.judges.map((judge) => (judge === mine ? { ...mine, reached } : judge));
  return { ...entry, judges };
}
