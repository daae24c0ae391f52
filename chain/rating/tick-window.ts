/** The life of a window in the state: open, close, checks drawn, disputes heard, ratings set. */
import type { State } from "../state/state.ts";
import type { RatingChange } from "../types/node.ts";
import type { WindowClaim } from "../types/window.ts";
import { isHeard } from "./appeal.ts";
import { disputed, drawChecks, drawCommittee, isComplete } from "./checks.ts";
import { endsEpoch } from "./epoch-of.ts";
import { settleWindow } from "./settle-window.ts";
import { isUnderWay, openWindow } from "./window.ts";

/** Runs at the end of every block; returns the rating changes it made. */
export function tickWindow(state: State): RatingChange[] {
  const { height } = state;
  if (!isUnderWay(state.window)) {
    openWindow(state, endsEpoch(height, state.parameters));
    return [];
  }
  const { closes, claimsUntil } = state.window;
  if (height === closes) state.window = { ...state.window, closedAt: state.meta.time };
  if (height === claimsUntil) drawChecks(state);
  if (height <= claimsUntil) return [];
  hearDisputes(state);
  return isDue(state) ? settleWindow(state) : [];
}

/** A dispute goes before a committee when all have spoken or the time to speak is over. */
function hearDisputes(state: State): void {
  const isOver = state.height >= state.window.verdictsUntil;
  const isRipe = (claim: WindowClaim): boolean =>
    claim.appeal.members.length === 0 &&
    disputed(claim) !== undefined &&
    (isOver || isComplete(claim.checks));
  if (state.height > state.window.verdictsUntil || !state.claims.some(isRipe)) return;
  state.claims = state.claims.map((claim) => (isRipe(claim) ? drawCommittee(state, claim) : claim));
}

function isDue({ height, claims, window, nodes }: State): boolean {
  if (height >= window.appealsUntil) return true;
  const publicKeyOf = (node: number): Uint8Array => nodes.at(node).publicKey;
  const stage = { height, window, publicKeyOf };
  if (!claims.every(({ appeal }) => isHeard(appeal, stage))) return false;
  if (height >= window.verdictsUntil) return true;
  return claims.length > 0 && claims.every(({ checks }) => isComplete(checks));
}
