/**
 * Evidence that a seat signed two different votes for one (height, round, type). Here: its form.
 * The driver verifies both signatures; what a convicted seat loses is a rule of the state.
 */
import { compareBytes } from "../crypto/hash.ts";
import { PomlError } from "../errors.ts";
import { type Evidence, VOTE_TYPES, type Vote } from "../types/block.ts";

export type EvidenceFacts =
  | { code: "EVIDENCE_UNKNOWN_VOTE_TYPE"; type: number }
  | {
      code: "EVIDENCE_UNRELATED_VOTES";
      field: "seat" | "height" | "round" | "type";
      first: number;
      second: number;
    }
  | { code: "EVIDENCE_SAME_VALUE" }
  | { code: "EVIDENCE_NOT_CANONICAL" };

export class InvalidEvidence extends PomlError<EvidenceFacts> {}

/** The one form of two conflicting votes: the smaller block hash first. */
export function makeEvidence(a: Vote, b: Vote): Evidence {
  const isOrdered = compareBytes(a.blockHash, b.blockHash) < 0;
  return isOrdered ? { first: a, second: b } : { first: b, second: a };
}

/**
 * Checks that the votes contradict each other and stand in canonical order.
 * @throws InvalidEvidence
 */
export function checkEvidence({ first, second }: Evidence): void {
  for (const field of ["seat", "height", "round", "type"] as const) {
    if (first[field] !== second[field]) {
      throw new InvalidEvidence(`the votes differ in ${field}: both may be honest`, {
        code: "EVIDENCE_UNRELATED_VOTES",
        field,
        first: first[field],
        second: second[field],
      });
    }
  }
  if (VOTE_TYPES[first.type] === undefined) {
    throw new InvalidEvidence(`vote type ${first.type} does not exist`, {
      code: "EVIDENCE_UNKNOWN_VOTE_TYPE",
      type: first.type,
    });
  }
  const order = compareBytes(first.blockHash, second.blockHash);
  if (order === 0) {
    throw new InvalidEvidence("both votes are for the same value", { code: "EVIDENCE_SAME_VALUE" });
  }
  if (order > 0) {
    throw new InvalidEvidence(
      "the vote with the smaller block hash must come first",
      { code: "EVIDENCE_NOT_CANONICAL" },
      { remedy: "swap first and second" },
    );
  }
}
