/** When tracks open and how long their stages last. */
import { drawnAt } from "../schedule/drawn-at.ts";
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { Track } from "../types/track.ts";

/** The state before the first track. */
export const NO_TRACK: Track = {
  number: 0,
  task: 0,
  opens: 0,
  commitsUntil: 0,
  revealed: 0,
  resultsUntil: 0,
  verdictsUntil: 0,
  shownUntil: 0,
  settledAt: 0,
  mix: ZERO_HASH,
  testMix: ZERO_HASH,
};

export type TrackStages = Pick<
  Track,
  "opens" | "commitsUntil" | "revealed" | "resultsUntil" | "verdictsUntil" | "shownUntil"
>;

/** The last heights of the stages: judges get as much time as the nodes had to train. */
export function trackStages(
  opens: number,
  parameters: Pick<Parameters, "trackBlocks" | "claimBlocks" | "drawDelay">,
): TrackStages {
  const { trackBlocks, claimBlocks } = parameters;
  const commitsUntil = opens + trackBlocks;
  const revealed = drawnAt(commitsUntil, parameters);
  const resultsUntil = revealed + trackBlocks;
  const verdictsUntil = drawnAt(resultsUntil, parameters) + trackBlocks;
  const shownUntil = verdictsUntil + claimBlocks;
  return { opens, commitsUntil, revealed, resultsUntil, verdictsUntil, shownUntil };
}

/** True from the opening to the settlement. */
export function isTrackUnderWay({ number, settledAt }: Track): boolean {
  return number > 0 && settledAt === 0;
}

/** Runs at the end of every block when no track is under way. */
export function openTrack(state: State): void {
  const { height, parameters, track, meta } = state;
  const { trackInterval, trackOffset, trackTask } = parameters;
  if (trackInterval === 0 || height < trackOffset) return;
  if ((height - trackOffset) % trackInterval !== 0) return;
  state.track = {
    ...trackStages(height, parameters),
    number: track.number + 1,
    task: trackTask,
    settledAt: 0,
    mix: meta.mix,
    testMix: ZERO_HASH,
  };
}
