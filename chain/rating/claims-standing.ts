/**
 * What the claims of a window wait for. It is computed once and kept as long as no claim changes, so a block that does
 * not concern the claims does not read them.
 */
import type { WindowClaim } from "../types/window.ts";
import { disputed, isComplete } from "./draw-checks.ts";

interface ClaimsStanding {
  /** All verdicts of all claims are in. */
  readonly isComplete: boolean;
  /** Some claim is disputed, has all its verdicts, and no committee was called. */
  readonly isRipe: boolean;
  /** Some claim is disputed and no committee was called. */
  readonly isDisputed: boolean;
  /** Claims for which a committee was called. */
  readonly called: readonly WindowClaim[];
}

const known = new WeakMap<readonly WindowClaim[], ClaimsStanding>();

export function standingOf(claims: readonly WindowClaim[]): ClaimsStanding {
  const standing = known.get(claims) ?? lookThrough(claims);
  known.set(claims, standing);
  return standing;
}

function lookThrough(claims: readonly WindowClaim[]): ClaimsStanding {
  const uncalled = claims.filter(({ appeal }) => appeal.called === 0);
  const open = uncalled.filter((claim) => disputed(claim) !== undefined);
  return {
    isComplete: claims.every(({ checks }) => isComplete(checks)),
    isRipe: open.some(({ checks }) => isComplete(checks)),
    isDisputed: open.length > 0,
    called: claims.filter(({ appeal }) => appeal.called !== 0),
  };
}
