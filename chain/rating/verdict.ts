/** Codes of verdicts as checks and the seats of committees store them; 0 = none yet. */
import { VERDICTS } from "../types/node.ts";

export type Verdict = (typeof VERDICTS)[number];

export function verdictCode(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict) + 1;
}

export const MATCH = verdictCode("match");
export const MISMATCH = verdictCode("mismatch");
export const NOT_SERVED = verdictCode("not-served");
export const SEALED = verdictCode("sealed");
