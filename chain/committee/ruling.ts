/**
 * How a committee decides, in audits of jobs, about claims of benchmark windows and on the open track.
 * Nobody is found false by less than three who replayed the work and came to one and the same other state:
 * honest replays give equal bits, so who invents a mismatch, or computes on a broken machine, agrees
 * with nobody. Silence and a seal that nobody explains say nothing for or against anybody.
 */
import { equalBytes } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { isOpened, sealOf } from "./seal.ts";

/** Members that must have found the same before it costs anybody anything. */
export const PROOF = 3;

/** What its members answered; who kept silent is not among them. */
export interface Answers {
  readonly sealed: readonly SealedAnswer[];
  /** How many asked for the whole stage and were not served. */
  readonly unserved: number;
  /** Hash that seals of a match are made of; zero = nobody showed it. */
  readonly opened: Uint8Array;
}

interface SealedAnswer {
  /** Node index. */
  readonly node: number;
  readonly publicKey: Uint8Array;
  readonly seal: Uint8Array;
  /** What the member showed its seal to be made of, if not of `opened`; zero = nothing. */
  readonly reached: Uint8Array;
}

/**
 * right: it was replayed to what was claimed. mismatch: PROOF members came to one other state.
 * not-served: PROOF members got nothing, and nobody got anything. unproven: answers that prove
 * neither. void: no answer that can be read.
 */
type RulingVerdict = "right" | "mismatch" | "not-served" | "unproven" | "void";

export interface Ruling {
  readonly verdict: RulingVerdict;
  /** Node indexes by what they found. */
  readonly matches: readonly number[];
  readonly mismatches: readonly number[];
  /** Those of the mismatches that came to the same state as most of them. */
  readonly agreeing: readonly number[];
  /** Sealed something that neither they nor anybody else has shown. */
  readonly unread: readonly number[];
}

/** At a tie the accused is right: a match is proven, and an accusation is not. */
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

/** True for a hash that this seal was made of. */
export function explains(
  endHash: Uint8Array,
  { seal, publicKey }: Pick<SealedAnswer, "seal" | "publicKey">,
): boolean {
  return isOpened({ opened: endHash }) && equalBytes(seal, sealOf(endHash, publicKey));
}

/** True once every seal is known to be made of something. */
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
  // One who is served beside three who are not may be a friend: neither punished nor paid.
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
