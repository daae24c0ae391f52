/** What the end of a block does to a track: it opens, test rows are seeded, judges are drawn, ratings change. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawNodes } from "../draw/frozen-weights.ts";
import { drawnAt } from "../schedule/drawn-at.ts";
import type { State } from "../state/state.ts";
import type { RatingChange } from "../types/node.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { TRACK_JUDGES, type TrackEntry } from "../types/track.ts";
import { hasResult } from "./proof.ts";
import { settleTrack } from "./settle-track.ts";
import { isTrackUnderWay, openTrack } from "./stages.ts";

/**
 * Runs at the end of every block.
 * @returns the changes of rating
 */
export function tickTrack(state: State): RatingChange[] {
  const { height, track } = state;
  if (!isTrackUnderWay(track)) {
    openTrack(state);
    return [];
  }
  if (height === track.revealed) state.track = { ...track, testMix: state.meta.mix };
  if (height === drawnAt(track.resultsUntil, state.parameters)) drawJudges(state);
  return height >= track.shownUntil ? settleTrack(state) : [];
}

/** Draws judges by weight, excluding the node itself. A result that was not given gets no judges. */
function drawJudges(state: State): void {
  state.trackEntries = state.trackEntries.map((entry) =>
    hasResult(entry) ? { ...entry, judges: judgesOf(state, entry) } : entry,
  );
}

function judgesOf(state: State, { node }: TrackEntry): TrackEntry["judges"] {
  const tag = "poml/track-judges/v1";
  const seed = taggedHash(tag, state.meta.mix, uint32Bytes(node));
  const mayTake = (index: number): boolean => index !== node;
  const drawn = drawNodes(state, { seed, tag, count: TRACK_JUDGES, mayTake });
  return drawn.map((judge) => ({ node: judge, seal: ZERO_HASH, reached: ZERO_HASH }));
}
