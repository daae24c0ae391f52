/** What an auditor or a verifier of proofs can find wrong with what it was given. */
import { PomlError } from "../../chain/errors.ts";

export type AuditFacts =
  | { readonly code: "BAD_CHECKPOINT"; readonly reason: string }
  /** The bytes served are not the ones the prover committed to. */
  | { readonly code: "CHECKPOINT_HASH"; readonly expected: string; readonly actual: string };

export class AuditError extends PomlError<AuditFacts> {}
