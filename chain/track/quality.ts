/** The quality factor: macro F1 of a node's last track relative to the reference of its task, limited on both sides. */
import { WHOLE } from "../millionths.ts";
import type { TrackScore } from "../types/track.ts";
import type { Scores } from "./scores.ts";
import { trackTask } from "./task.ts";

/** Millionths. */
export const LEAST_QUALITY = 800_000;
export const MOST_QUALITY = 1_200_000;
/** After so many tracks a score is too old to count. */
export const SCORE_LIFE = 3;

/** For a node without a score; its quality is 1. */
export const NO_SCORE: TrackScore = {
  track: 0,
  task: 0,
  accuracy: 0,
  precision: 0,
  recall: 0,
  f1: 0,
};

/** For a node whose result was false, or that committed but gave no result. */
export const NOTHING: Scores = { accuracy: 0, precision: 0, recall: 0, f1: 0 };

/** @returns millionths, from LEAST_QUALITY to MOST_QUALITY; 1 without a score */
export function qualityOf({ track, task, f1 }: TrackScore): number {
  if (track === 0) return WHOLE;
  const quality = Math.floor((f1 * WHOLE) / trackTask(task).reference);
  return Math.min(Math.max(quality, LEAST_QUALITY), MOST_QUALITY);
}

/** @param number of the track that is being settled */
export function isExpired({ track }: TrackScore, number: number): boolean {
  return track !== 0 && number - track >= SCORE_LIFE;
}
