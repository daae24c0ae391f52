/** How a committee decides, in audits of jobs and about claims of benchmark windows alike. */
import { equalBytes } from "../crypto/hash.ts";
import { isOpened, sealOf } from "./seal.ts";

/** What its members answered; who kept silent is not among them. */
export interface Answers {
  readonly sealed: readonly SealedAnswer[];
  /** How many were not served. */
  readonly unserved: number;
  /** Hash that seals of a match are made of; zero = nobody showed it. */
  readonly opened: Uint8Array;
}

export interface SealedAnswer {
  /** Node index. */
  readonly node: number;
  readonly publicKey: Uint8Array;
  readonly seal: Uint8Array;
}

export interface Ruling {
  /** right: the accused is. void: nobody answered. */
  readonly verdict: "right" | "mismatch" | "not-served" | "void";
  /** Node indexes by what they found. */
  readonly matches: readonly number[];
  readonly mismatches: readonly number[];
}

/**
 * The majority of those who answered decides; at a tie the accused is right, since a match is proven
 * and an accusation is not. A seal that the shown hash does not explain is an accusation.
 */
export function ruleOn({ sealed, unserved, opened }: Answers): Ruling {
  const isShown = isOpened({ opened });
  const agrees = ({ publicKey, seal }: SealedAnswer): boolean =>
    isShown && equalBytes(seal, sealOf(opened, publicKey));
  const matches = sealed.filter(agrees).map(({ node }) => node);
  const mismatches = sealed.filter((answer) => !agrees(answer)).map(({ node }) => node);
  if (mismatches.length + unserved > matches.length) {
    const verdict = mismatches.length > unserved ? "mismatch" : "not-served";
    return { verdict, matches, mismatches };
  }
  return { verdict: matches.length === 0 ? "void" : "right", matches, mismatches };
}
