/** How long the stages of a benchmark window last, and how far apart windows are on average. */
import { MILLION } from "../millionths.ts";
import type { Parameters } from "../types/genesis.ts";
import type { WINDOW_KINDS, Window } from "../types/window.ts";
import { drawnAt } from "./drawn-at.ts";

export type WindowKind = (typeof WINDOW_KINDS)[number];
export type Stages = Pick<
  Window,
  "opens" | "closes" | "claimsUntil" | "verdictsUntil" | "sealsUntil" | "appealsUntil"
>;

/** The last heights of the stages of a window. */
export function stagesFrom(opens: number, kind: WindowKind, parameters: Parameters): Stages {
  const { windowBlocks, surpriseBlocks, claimBlocks, verdictBlocks } = parameters;
  const closes = opens + (kind === "regular" ? windowBlocks : surpriseBlocks);
  const claimsUntil = closes + claimBlocks;
  const verdictsUntil = drawnAt(claimsUntil, parameters) + verdictBlocks;
  const sealsUntil = drawnAt(verdictsUntil, parameters) + verdictBlocks;
  const appealsUntil = sealsUntil + claimBlocks;
  return { opens, closes, claimsUntil, verdictsUntil, sealsUntil, appealsUntil };
}

/** Average number of heights from one window to the next, if judging takes the longest time with one committee. */
export function meanSpacing(parameters: Parameters): bigint {
  const { windowInterval, epochBlocks, surpriseChance } = parameters;
  const [epoch, interval] = [BigInt(epochBlocks) * MILLION, BigInt(windowInterval)];
  const waited = (interval * epoch) / (epoch + BigInt(surpriseChance) * interval);
  return waited + BigInt(stagesFrom(0, "regular", parameters).appealsUntil);
}
