/** What the sealed answers of the judges come to, once the hash they hide is shown. */
import { equalBytes } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { TrackEntry, TrackJudge } from "../types/track.ts";
import { hasResult, isShown, trackSeal } from "./proof.ts";

/**
 * verified: the quality follows from it. false: others came to something else. untold: committed and
 * kept the result back. unproven: no majority either way. unheard: no judge answered.
 */
export type TrackOutcome = "verified" | "false" | "untold" | "unproven" | "unheard";

export interface TrackJudgement {
  readonly outcome: TrackOutcome;
  /** Judges that were on the wrong side. */
  readonly wrong: readonly number[];
  /** Judges that showed a false result to be one. */
  readonly provers: readonly number[];
  /** Drawn and never heard. */
  readonly silent: readonly number[];
}

/**
 * A seal that the shown hash does not explain is an accusation. More than half of all judges drawn
 * must accuse for a result to be false; more than half of those heard must agree for it to count.
 * @param keyOf public key of a node
 */
export function judgeEntry(entry: TrackEntry, keyOf: (node: number) => Uint8Array): TrackJudgement {
  const heard = entry.judges.filter(({ seal }) => !equalBytes(seal, ZERO_HASH));
  const silent = nodesOf(entry.judges.filter((judge) => !heard.includes(judge)));
  if (!hasResult(entry)) return { outcome: "untold", wrong: [], provers: [], silent };
  if (heard.length === 0) return { outcome: "unheard", wrong: [], provers: [], silent };
  const agrees = ({ node, seal }: TrackJudge): boolean =>
    isShown(entry) && equalBytes(seal, trackSeal(entry, keyOf(node)));
  const matches = heard.filter(agrees);
  const against = heard.filter((judge) => !agrees(judge));
  if (2 * against.length > entry.judges.length) {
    return { outcome: "false", wrong: nodesOf(matches), provers: nodesOf(against), silent };
  }
  if (2 * matches.length > heard.length) {
    return { outcome: "verified", wrong: nodesOf(against), provers: [], silent };
  }
  return { outcome: "unproven", wrong: [], provers: [], silent };
}

function nodesOf(judges: readonly TrackJudge[]): number[] {
  return judges.map(({ node }) => node);
}
