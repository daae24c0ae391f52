/** What an auditor or a verifier of proofs can find wrong with what it was given. */
import { PomlError } from "../../chain/errors.ts";

export type AuditFacts = { readonly code: "BAD_CHECKPOINT"; readonly reason: string };

export class AuditError extends PomlError<AuditFacts> {}
