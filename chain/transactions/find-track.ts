/** The track a transaction belongs to, in the stage that takes it, and the entry it is about. */
import type { State } from "../state/state.ts";
import { isTrackUnderWay } from "../track/stages.ts";
import { refuse } from "../transaction-error.ts";
import type { Track, TrackEntry } from "../types/track.ts";

/**
 * @param after height after which it is taken, by the name of its stage
 * @param until last height that takes it
 * @throws TransactionError NO_TRACK
 */
export function requireTrack(
  { track, height }: State,
  number: number,
  after: "opens" | "revealed" | "resultsUntil" | "verdictsUntil",
  until: "commitsUntil" | "resultsUntil" | "verdictsUntil" | "shownUntil",
): Track {
  const isOpen = height > track[after] && height <= track[until];
  if (!isTrackUnderWay(track) || number !== track.number || !isOpen) {
    refuse(`track ${number} does not take this at height ${height}`, {
      code: "NO_TRACK",
      track: number,
    });
  }
  return track;
}

/** @throws TransactionError NOT_ASSIGNED */
export function findEntry(
  { trackEntries }: State,
  node: number,
  duty: string,
): { readonly entry: TrackEntry; readonly replace: (next: TrackEntry) => TrackEntry[] } {
  const at = trackEntries.findIndex((entry) => entry.node === node);
  const entry = trackEntries[at];
  if (entry === undefined) {
    refuse(`node ${node} committed to nothing in this track`, { code: "NOT_ASSIGNED", duty });
  }
  return { entry, replace: (next) => trackEntries.with(at, next) };
}
