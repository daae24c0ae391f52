/** Finds the track of a transaction, checks that it is in the right stage, and finds the entry concerned. */
import type { State } from "../state/state.ts";
import { isTrackUnderWay } from "../track/stages.ts";
import { refuse } from "../transaction-error.ts";
import type { Track, TrackEntry } from "../types/track.ts";

/**
 * @param after the transaction is accepted only after this height, which has the name of its stage
 * @param until the last height at which it is accepted
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
    refuse(`node ${node} made no commitment in this track`, { code: "NOT_ASSIGNED", duty });
  }
  return { entry, replace: (next) => trackEntries.with(at, next) };
}
