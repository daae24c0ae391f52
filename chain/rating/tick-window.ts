/**
 * What the end of a block does to a window: it opens and closes, checks are drawn, disputes are heard, ratings are set.
 */
import { drawnAt } from "../schedule/drawn-at.ts";
import { endsEpoch } from "../schedule/epoch-of.ts";
import type { State } from "../state/state.ts";
import type { RatingChange } from "../types/node.ts";
import type { WindowClaim } from "../types/window.ts";
import { calledAgain, isHeard } from "./appeal.ts";
import { standingOf } from "./claims-standing.ts";
import { disputed, drawChecks, drawCommittee, isComplete } from "./draw-checks.ts";
import { settleWindow } from "./settle-window.ts";
import { isUnderWay, openWindow } from "./window.ts";

/**
 * Runs at the end of every block.
 * @returns the changes of rating
 */
export function tickWindow(state: State): RatingChange[] {
  const { height } = state;
  if (!isUnderWay(state.window)) {
    openWindow(state, endsEpoch(height, state.parameters));
    return [];
  }
  const { closes, claimsUntil } = state.window;
  if (height === closes) state.window = { ...state.window, closedAt: state.meta.time };
  const checked = drawnAt(claimsUntil, state.parameters);
  if (height === checked) drawChecks(state);
  if (height <= checked) return [];
  hearDisputes(state);
  callAgain(state);
  return isDue(state) ? settleWindow(state) : [];
}

/** Calls committees when all verdicts are in or their time is over; they are drawn some blocks later. */
function hearDisputes(state: State): void {
  const { height, parameters, window } = state;
  const isOver = height >= window.verdictsUntil;
  const isRipe = ({ appeal, checks }: WindowClaim): boolean =>
    appeal.called === 0 && (isOver || isComplete(checks));
  const isDrawn = ({ appeal }: WindowClaim): boolean =>
    appeal.called !== 0 && height === drawnAt(appeal.called, parameters);
  const isCalled = (claim: WindowClaim): boolean => isRipe(claim) && disputed(claim) !== undefined;
  const standing = standingOf(state.claims);
  const isCall = isOver ? standing.isDisputed : standing.isRipe;
  if (!isCall && !standing.called.some(isDrawn)) return;
  state.claims = state.claims.map((claim) => {
    if (isDrawn(claim)) return drawCommittee(state, claim);
    return isCalled(claim) ? { ...claim, appeal: { ...claim.appeal, called: height } } : claim;
  });
}

/** Calls other committees for disputes that were heard without a result. */
function callAgain(state: State): void {
  const { height } = state;
  const publicKeyOf = keysOf(state);
  const again = new Map<WindowClaim, WindowClaim>();
  for (const claim of standingOf(state.claims).called) {
    if (isAwaited(claim, state) || !isOver(claim, state)) continue;
    const appeal = calledAgain(claim.appeal, height, publicKeyOf);
    if (appeal !== undefined) again.set(claim, { ...claim, appeal });
  }
  if (again.size > 0) state.claims = state.claims.map((claim) => again.get(claim) ?? claim);
}

function isOver({ appeal }: WindowClaim, state: State): boolean {
  const { height, window, parameters } = state;
  return isHeard(appeal, { height, window, parameters, publicKeyOf: keysOf(state) });
}

function keysOf({ nodes }: State): (node: number) => Uint8Array {
  return (node) => nodes.at(node).publicKey;
}

/** A committee was called but is not drawn yet. */
function isAwaited({ appeal }: WindowClaim, { height, parameters }: State): boolean {
  return appeal.called !== 0 && height < drawnAt(appeal.called, parameters);
}

function isDue(state: State): boolean {
  const { height, claims, window } = state;
  const { called, ...standing } = standingOf(claims);
  if (called.some((claim) => isAwaited(claim, state) || !isOver(claim, state))) return false;
  if (height >= window.verdictsUntil) return true;
  return claims.length > 0 && standing.isComplete;
}
