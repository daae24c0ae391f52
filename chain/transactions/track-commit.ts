/** A node binds itself to how it trained, before anybody can know the test rows. */
import { refuse } from "../transaction-error.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { TrackEntry } from "../types/track.ts";
import { findActiveNode } from "./find-node.ts";
import { requireTrack } from "./find-track.ts";
import type { Rule } from "./rule.ts";

export const trackCommit: Rule<"track-commit"> = {
  isDuty: true,
  apply(state, { track, commitment }, { sender }) {
    const { opens, commitsUntil } = requireTrack(state, track, "opens", "commitsUntil");
    const { index, node } = findActiveNode(state, sender);
    if (node.registeredAt >= opens) {
      refuse("registered after the track opened", { code: "NOT_ASSIGNED", duty: "track-commit" });
    }
    if (state.trackEntries.some((entry) => entry.node === index)) {
      refuse(`committed already; results are due after height ${commitsUntil}`, {
        code: "ALREADY_DONE",
        duty: "track-commit",
      });
    }
    const entry: TrackEntry = {
      node: index,
      commitment,
      recipe: { learningRate: 0, batchSize: 0, width: 0, epochs: 0 },
      weights: ZERO_HASH,
      counts: [],
      outputsDigest: ZERO_HASH,
      judges: [],
      outputs: ZERO_HASH,
    };
    state.trackEntries = [...state.trackEntries, entry];
  },
};
