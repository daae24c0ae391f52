/**
 * When benchmark windows open. All nodes work at the same time, so that one machine cannot earn several ratings in
 * turn. Whether a window opens is drawn at the end of each epoch, always with the same probability, so nobody can
 * predict it from the time since the last window. A machine that is rented for the next window must be rented, on
 * average, for as long as an honest node runs from one window to the next. Only the first window has a fixed height.
 */

import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawBelow } from "../draw/weighted.ts";
import { WHOLE } from "../millionths.ts";
import { stagesFrom, type WindowKind } from "../schedule/window-stages.ts";
import type { State } from "../state/state.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { WINDOW_KINDS, type Window } from "../types/window.ts";

/** The state before the first window. */
export const NO_WINDOW: Window = {
  number: 0,
  kind: 0,
  opens: 0,
  closes: 0,
  claimsUntil: 0,
  verdictsUntil: 0,
  sealsUntil: 0,
  appealsUntil: 0,
  settledAt: 0,
  mix: ZERO_HASH,
  openedAt: 0n,
  closedAt: 0n,
};

/** True while a window is open or its claims are judged. */
export function isUnderWay({ number, settledAt }: Window): boolean {
  return number > 0 && settledAt === 0;
}

/** Runs at the end of every block. @param endsEpoch this block ends an epoch */
export function openWindow(state: State, endsEpoch: boolean): void {
  const { height, parameters } = state;
  const kind = kindDue(state, endsEpoch);
  if (kind === undefined) return;
  state.window = {
    ...stagesFrom(height, kind, parameters),
    number: state.window.number + 1,
    kind: WINDOW_KINDS.indexOf(kind),
    settledAt: 0,
    mix: state.meta.mix,
    openedAt: state.meta.time,
    closedAt: 0n,
  };
}

function kindDue(state: State, endsEpoch: boolean): WindowKind | undefined {
  const { height, parameters, meta } = state;
  const { windowOffset, windowInterval, epochBlocks, surpriseChance } = parameters;
  if (isUnderWay(state.window) || height < windowOffset) return undefined;
  if (height === windowOffset) return "regular";
  if (!endsEpoch) return undefined;
  const isDrawn = (tag: string, chance: number, of: number): boolean =>
    drawBelow(meta.mix, tag, height, BigInt(of)) < BigInt(chance);
  if (isDrawn("poml/window/v1", epochBlocks, windowInterval)) return "regular";
  return isDrawn("poml/surprise/v1", surpriseChance, WHOLE) ? "surprise" : undefined;
}

/**
 * Seed of one lane's work: new in each window and different for each node, so work can be neither shared nor prepared.
 */
export function laneSeed(mix: Uint8Array, publicKey: Uint8Array, lane: number): Uint8Array {
  return taggedHash("poml/lane/v1", mix, publicKey, uint32Bytes(lane));
}
