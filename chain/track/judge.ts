/** Evaluates the sealed answers of the judges, once the hash behind the seals is shown. */
import { PROOF, ruleOn } from "../committee/ruling.ts";
import { equalBytes } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { TrackEntry } from "../types/track.ts";
import { answerHash, hasResult, isShown } from "./proof.ts";

/**
 * verified: the quality follows from it. false: others reached another result. untold: committed, but withheld the
 * result. unproven: most judges gave an answer that can be read, but no majority matched. unheard: most judges gave
 * none.
 */
export type TrackOutcome = "verified" | "false" | "untold" | "unproven" | "unheard";

export interface TrackJudgement {
  readonly outcome: TrackOutcome;
  /** Judges whose answer was refuted. */
  readonly wrong: readonly number[];
  /** Judges that showed that the result is false. */
  readonly provers: readonly number[];
  /** Judges that were never heard although at least PROOF others repeated the training. */
  readonly silent: readonly number[];
}

/**
 * The seals are evaluated like those of committees. A result is false if PROOF judges reached the same other answer. It
 * counts if more than half of all judges gave an answer that can be read, and more than half of these match: one friend
 * among judges that are kept busy is not enough. If fewer are heard, nobody loses anything, so that silencing judges
 * cannot harm anybody.
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
