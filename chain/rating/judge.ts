/** What the findings on a claim come to, for its node and for those who made them. */
import { type Ruling, ruleOn } from "../committee/ruling.ts";
import type { Appeal, Check, WindowClaim } from "../types/window.ts";
import { MATCH, MISMATCH, NOT_SERVED, SEALED } from "./verdict.ts";

/**
 * window: verified. mismatch: false work. not-served: the node kept back what it claimed. decay: no
 * claim, or nobody looked at it.
 */
export type Outcome = "window" | "mismatch" | "not-served" | "decay";

/** Node lists are ascending, nobody is in one twice. */
export interface Judgement {
  readonly outcome: Outcome;
  /** Those who showed that work was false. */
  readonly provers: readonly number[];
  /** Those who said what the committee's majority found wrong. */
  readonly wrong: readonly number[];
  /** Drawn and never heard. */
  readonly silent: readonly number[];
}

/**
 * A committee decides about a dispute, by the same rule as in audits; where none could be drawn, all
 * verifiers must agree. A claim that nothing is held against is judged by the majority of the
 * findings given.
 * @param publicKeyOf of a node index
 */
export function judge(
  { checks, appeal }: WindowClaim,
  publicKeyOf: (node: number) => Uint8Array,
): Judgement {
  const ruling = ruleOn(answersOf(appeal, publicKeyOf));
  const accusers = [...nodesWith(checks, MISMATCH), ...ruling.mismatches];
  return {
    outcome: outcomeOf(checks, appeal, ruling),
    provers: ascending(accusers),
    wrong: ascending(wrongBy(ruling, accusers)),
    silent: ascending([...nodesWith(checks, 0), ...nodesWith(appeal.members, 0)]),
  };
}

function answersOf({ members, opened }: Appeal, publicKeyOf: (node: number) => Uint8Array) {
  return {
    sealed: members
      .filter(({ verdict }) => verdict === SEALED)
      .map(({ verifier, seal }) => ({ node: verifier, seal, publicKey: publicKeyOf(verifier) })),
    unserved: nodesWith(members, NOT_SERVED).length,
    opened,
  };
}

function outcomeOf(checks: readonly Check[], { members }: Appeal, { verdict }: Ruling): Outcome {
  if (verdict === "mismatch" || verdict === "not-served") return verdict;
  const count = (wanted: number): number => nodesWith(checks, wanted).length;
  const isUnheard = members.length === 0 && checks.length > 0;
  if (isUnheard && count(MISMATCH) === checks.length) return "mismatch";
  const given = checks.length - count(0);
  if (2 * count(NOT_SERVED) > given) return "not-served";
  return 2 * count(MATCH) > given ? "window" : "decay";
}

function wrongBy({ verdict, matches }: Ruling, accusers: readonly number[]): readonly number[] {
  switch (verdict) {
    case "right":
      return accusers;
    case "mismatch":
      return matches;
    // Who serves some and not others makes nobody wrong.
    case "not-served":
    case "void":
      return [];
  }
}

interface Found {
  readonly verifier: number;
  readonly verdict: number;
}

function nodesWith(findings: readonly Found[], wanted: number): number[] {
  return findings.filter(({ verdict }) => verdict === wanted).map(({ verifier }) => verifier);
}

function ascending(nodes: readonly number[]): number[] {
  return [...new Set(nodes)].sort((a, b) => a - b);
}
