/** A node opens its commitment and reports how its model performs on the test rows. */
import { equalBytes } from "../crypto/hash.ts";
import { commitmentOf, hasResult } from "../track/proof.ts";
import { labelledCount } from "../track/scores.ts";
import { recipeFault, type TrackTask, trackTask } from "../track/task.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { findActiveNode } from "./find-node.ts";
import { findEntry, requireTrack } from "./find-track.ts";
import type { Rule } from "./rule.ts";

export const trackResult: Rule<"track-result"> = {
  isDuty: true,
  apply(state, { track, recipe, weights, counts, outputsDigest }, { sender }) {
    const { task: version } = requireTrack(state, track, "revealed", "resultsUntil");
    const { index } = findActiveNode(state, sender);
    const { entry, replace } = findEntry(state, index, "track-result");
    if (hasResult(entry)) {
      refuse("result told already", { code: "ALREADY_DONE", duty: "track-result" });
    }
    if (!equalBytes(commitmentOf(sender, recipe, weights), entry.commitment)) {
      refuseField("recipe", "is not what this node committed to");
    }
    const task = trackTask(version);
    const fault = recipeFault(task, recipe);
    if (fault !== undefined) refuseField(fault.field, fault.reason);
    checkCounts(task, counts);
    state.trackEntries = replace({ ...entry, recipe, weights, counts, outputsDigest });
  },
};

/** The test rows contain equally many of every class. */
function checkCounts({ classes, testRows }: TrackTask, counts: readonly number[]): void {
  if (counts.length !== classes ** 2) {
    refuseField("counts", `must be ${classes ** 2}, got ${counts.length}`);
  }
  const rows = testRows / classes;
  for (let label = 0; label < classes; label++) {
    const counted = labelledCount(counts, classes, label);
    if (counted !== rows) {
      refuseField("counts", `class ${label} has ${rows} test rows, counted ${counted}`);
    }
  }
}
