/** What the sealed answers of the judges come to, once the hash they hide is shown. */
import { PROOF, ruleOn } from "../committee/ruling.ts";
import { equalBytes } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { TrackEntry } from "../types/track.ts";
import { answerHash, hasResult, isShown } from "./proof.ts";

/**
 * verified: the quality follows from it. false: others came to something else. untold: committed and kept the
 * result back. unproven: most judges gave an answer that can be read, and no majority matched. unheard: most did not.
 */
export type TrackOutcome = "verified" | "false" | "untold" | "unproven" | "unheard";

export interface TrackJudgement {
  readonly outcome: TrackOutcome;
  /** Judges that were on the wrong side. */
  readonly wrong: readonly number[];
  /** Judges that showed a false result to be one. */
  readonly provers: readonly number[];
  /** Drawn and never heard, where at least PROOF others repeated the training. */
  readonly silent: readonly number[];
}

/**
 * Seals are told apart as those of committees are. It takes PROOF judges that came to one other answer to
 * find a result false. For it to count more than half of all must have given an answer that can be read, and more
 * than half of those match it: one friend among judges kept busy is not enough. Where fewer are heard, whoever can silence
 * judges shall take nothing from anybody by it.
 * @param keyOf public key of a node
 */
export function judgeEntry(entry: TrackEntry, keyOf: (node: number) => Uint8Array): TrackJudgement {
  const { judges } = entry;
  const heard = judges.filter(({ seal }) => !equalBytes(seal, ZERO_HASH));
  if (!hasResult(entry)) return { outcome: "untold", wrong: [], provers: [], silent: [] };
  const { verdict, matches, mismatches, agreeing, unread } = ruleOn({
    sealed: heard.map((judge) => ({ ...judge, publicKey: keyOf(judge.node) })),
    unserved: 0,
    opened: isShown(entry) ? answerHash(entry) : ZERO_HASH,
  });
  const quiet = judges.filter((judge) => !heard.includes(judge)).map(({ node }) => node);
  const answers = matches.length + mismatches.length;
  const silent = answers >= PROOF ? [...quiet, ...unread] : [];
  if (verdict === "mismatch") {
    return { outcome: "false", wrong: matches, provers: agreeing, silent };
  }
  const isHeard = 2 * answers > judges.length;
  if (isHeard && 2 * matches.length > answers) {
    const wrong = matches.length >= PROOF ? mismatches : [];
    return { outcome: "verified", wrong, provers: [], silent };
  }
  return { outcome: isHeard ? "unproven" : "unheard", wrong: [], provers: [], silent };
}
