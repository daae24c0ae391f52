/**
 * When benchmark windows open: all nodes work at the same time, so one machine cannot earn several
 * ratings in turn. Regular windows come at fixed heights; surprise windows are drawn at the end of
 * an epoch, known to nobody before, so that nobody rents a machine for them.
 */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawnAt } from "../draw/due.ts";
import { drawBelow } from "../draw/weighted.ts";
import type { State } from "../state/state.ts";
import { MAX_RETRIES } from "../types/audit.ts";
import type { Parameters } from "../types/genesis.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { WINDOW_KINDS, type Window } from "../types/window.ts";

/** Before the first window. */
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

/** The last height of a window in which all committees that may be called for come to nothing. */
export function latestEnd(opens: number, kind: WindowKind, parameters: Parameters): number {
  const { verdictBlocks, claimBlocks } = parameters;
  const again = drawnAt(verdictBlocks + claimBlocks, parameters);
  return stagesFrom(opens, kind, parameters).appealsUntil + MAX_RETRIES * again;
}

/** The first height at or after `height` at which a regular window opens. */
export function nextRegular(height: number, parameters: Parameters): number {
  const { windowOffset, windowInterval } = parameters;
  if (height <= windowOffset) return windowOffset;
  return windowOffset + Math.ceil((height - windowOffset) / windowInterval) * windowInterval;
}

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
  const { height, parameters } = state;
  if (isUnderWay(state.window)) return undefined;
  const regular = nextRegular(height, parameters);
  if (regular === height) return "regular";
  if (!endsEpoch || parameters.surpriseChance === 0) return undefined;
  // It must be over before the next regular one.
  if (latestEnd(height, "surprise", parameters) >= regular) return undefined;
  const ticket = drawBelow(state.meta.mix, "poml/surprise/v1", height, 1_000_000n);
  return ticket < BigInt(parameters.surpriseChance) ? "surprise" : undefined;
}

/** Seed of one lane's work: fresh and the node's own, so nothing can be shared or prepared. */
export function laneSeed(mix: Uint8Array, publicKey: Uint8Array, lane: number): Uint8Array {
  return taggedHash("poml/lane/v1", mix, publicKey, uint32Bytes(lane));
}
