/** Why evidence of a fault is refused. */
import { PomlError } from "../errors.ts";

type EvidenceFacts =
  | { code: "EVIDENCE_UNKNOWN_VOTE_TYPE"; type: number }
  | { code: "EVIDENCE_UNRELATED"; field: string }
  | { code: "EVIDENCE_SAME_VALUE" }
  | { code: "EVIDENCE_NO_AMNESIA" }
  | { code: "EVIDENCE_NOT_CANONICAL" }
  | { code: "EVIDENCE_WRONG_KIND" }
  | { code: "EVIDENCE_NO_TEAM"; node: number }
  | { code: "EVIDENCE_OWN_TURN"; node: number }
  | { code: "EVIDENCE_UNKNOWN_NODE"; node: number }
  | { code: "EVIDENCE_ALREADY_PUNISHED"; node: number }
  | { code: "EVIDENCE_EXPIRED"; height: number }
  | { code: "EVIDENCE_FROM_THE_FUTURE"; height: number; head: number }
  | { code: "EVIDENCE_BAD_SIGNATURE"; node: number }
  | { code: "EVIDENCE_POOL_FULL"; limit: number }
  | { code: "EVIDENCE_KNOWN"; node: number };

export class InvalidEvidence extends PomlError<EvidenceFacts> {}

/** The two messages differ in something that they must share, so both may be honest. */
export function unrelated(field: string): InvalidEvidence {
  return new InvalidEvidence(`the messages differ in ${field}: both may be honest`, {
    code: "EVIDENCE_UNRELATED",
    field,
  });
}

/** @param order of the second message relative to the first, by the value that must differ */
export function checkOrder(order: number): void {
  if (order === 0) {
    throw new InvalidEvidence("both messages say the same", { code: "EVIDENCE_SAME_VALUE" });
  }
  if (order > 0) {
    throw new InvalidEvidence(
      "the message with the smaller hash must come first",
      { code: "EVIDENCE_NOT_CANONICAL" },
      { remedy: "swap first and second" },
    );
  }
}
