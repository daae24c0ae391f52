/**
 * How a committee decides, in audits of jobs, about claims of benchmark windows, and on the open track. A node is found
 * false only by at least three members that replayed the work and reached the same other state. Honest replays give
 * equal bits, so a member that invents a mismatch, or computes on a broken machine, agrees with no other. Silence, and
 * a seal that nobody explains, say nothing for or against anybody.
 */
import { equalBytes } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { isOpened, sealOf } from "./seal.ts";

/** So many members must have found the same before it costs anybody anything. */
export const PROOF = 3;

/** The answers of its members; silent members are not among them. */
export interface Answers {
  readonly sealed: readonly SealedAnswer[];
  /** How many members asked during the whole stage and were not served. */
  readonly unserved: number;
  /** The hash from which seals of a match are made; zero = nobody has shown it. */
  readonly opened: Uint8Array;
}

interface SealedAnswer {
  /** Node index. */
  readonly node: number;
  readonly publicKey: Uint8Array;
  readonly seal: Uint8Array;
  /** The value from which the member made its seal, as it showed, if not from `opened`; zero = nothing shown. */
  readonly reached: Uint8Array;
}

/**
 * right: a replay confirmed the claim. mismatch: PROOF members reached the same other state. not-served: PROOF members
 * were served nothing, and no member was served. unproven: the answers prove neither. void: there is no answer that can
 * be read.
 */
type RulingVerdict = "right" | "mismatch" | "not-served" | "unproven" | "void";

export interface Ruling {
  readonly verdict: RulingVerdict;
  /** Node indexes by what they found. */
  readonly matches: readonly number[];
  readonly mismatches: readonly number[];
  /** Those of the mismatches that reached the same state as most of them. */
  readonly agreeing: readonly number[];
  /** Members whose seal was made from a value that nobody has shown. */
  readonly unread: readonly number[];
}

/** At a tie the accused is right: a match is proven, an accusation is not. */
export function ruleOn({ sealed, unserved, opened }: Answers): Ruling {
  const isMatch = (answer: SealedAnswer): boolean => explains(opened, answer);
  const others = sealed.filter((answer) => !isMatch(answer));
  const shown = others.filter((answer) => explains(answer.reached, answer));
  const matches = nodesOf(sealed.filter(isMatch));
  const mismatches = nodesOf(shown);
  const agreeing = nodesOf(largestGroup(shown));
  const unread = nodesOf(others.filter((answer) => !shown.includes(answer)));
  const verdict = verdictOf({
    matches: matches.length,
    mismatches: mismatches.length,
    agreeing: agreeing.length,
    unserved,
  });
  return { verdict, matches, mismatches, agreeing, unread };
}

/** True for a hash from which this seal was made. */
export function explains(
  endHash: Uint8Array,
  { seal, publicKey }: Pick<SealedAnswer, "seal" | "publicKey">,
): boolean {
  return isOpened({ opened: endHash }) && equalBytes(seal, sealOf(endHash, publicKey));
}

/** True once it is known for every seal from what it was made. */
export function areExplained({ sealed, opened }: Pick<Answers, "sealed" | "opened">): boolean {
  return sealed.every(
    (answer) => explains(opened, answer) || !equalBytes(answer.reached, ZERO_HASH),
  );
}

interface Counts {
  readonly matches: number;
  readonly mismatches: number;
  readonly agreeing: number;
  readonly unserved: number;
}

function verdictOf({ matches, mismatches, agreeing, unserved }: Counts): RulingVerdict {
  if (agreeing >= PROOF && agreeing > matches) return "mismatch";
  // One member that is served, beside three that are not, may be a friend of the accused: it is neither punished nor
  // paid.
  if (unserved >= PROOF) return matches === 0 ? "not-served" : "unproven";
  if (matches > 0 && matches >= mismatches) return "right";
  return matches + mismatches + unserved > 0 ? "unproven" : "void";
}

function largestGroup(shown: readonly SealedAnswer[]): readonly SealedAnswer[] {
  let largest: readonly SealedAnswer[] = [];
  for (const { reached } of shown) {
    const group = shown.filter((other) => equalBytes(other.reached, reached));
    if (group.length > largest.length) largest = group;
  }
  return largest;
}

function nodesOf(answers: readonly SealedAnswer[]): number[] {
  return answers.map(({ node }) => node);
}
