/** Why a job cannot be prepared, worked on or handed out. */
import { PomlError } from "../../chain/errors.ts";
import type { ImpossibleReason } from "./impossible-reason.ts";

export type JobFacts =
  | { code: "UNKNOWN_DATASET"; dataset: string }
  | { code: "MODEL_DATA_MISMATCH"; field: string; model: string; dataset: string }
  | { code: "EMBEDDING_INPUT"; layer: string; what: string }
  | { code: "NOTHING_TO_TRAIN"; weights: number }
  | { code: "UNKNOWN_JOB"; job: string }
  | { code: "JOB_NOT_FINISHED"; job: string; phase: string }
  | { code: "MODEL_GONE"; job: string }
  | { code: "JOB_HAS_NO_MODEL"; job: string }
  | { code: "BUDGET_BELOW_PRICE"; budget: bigint; price: bigint; field?: string }
  | { code: "BAD_ORDER"; field: string; reason: string }
  | { code: "TOO_FEW_CHUNKS"; chunks: number; participants: number }
  | { code: "WRONG_BLOB"; what: string }
  | { code: "ORDER_IMPOSSIBLE"; reason: ImpossibleReason }
  | { code: "COSIGN_REFUSED"; reason: string }
  | { code: "NO_QUORUM"; updates: number; quorum: number };

export class JobError extends PomlError<JobFacts> {}
