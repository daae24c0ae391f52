/** Why the bytes of a checkpoint are refused. */
import { PomlError } from "../../chain/errors.ts";

export type CheckpointFacts = { readonly code: "BAD_CHECKPOINT"; readonly reason: string };

export class CheckpointError extends PomlError<CheckpointFacts> {}
