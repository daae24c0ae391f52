/** The sentences in which a kind of work describes its jobs; job-outcome.ts combines them. */
import type { Job } from "../../chain/types/job.ts";

export interface OutcomeTexts {
  /** A sentence. */
  complete(job: Job): string;
  /** A sentence. */
  target(job: Job): string;
  /** About the current round, while participants work; no full stop. */
  working(job: Job): string;
  /** About the current round, while the team merges; no full stop. */
  merging(job: Job): string;
  /** The last recorded round: "round 3 of 5". */
  roundName(job: Job): string;
  /** What the client gets from a job that ended early; a sentence. */
  whatIsLeft(job: Job): string;
  /** Remedies, each a clause without full stop. */
  readonly steadier: string;
  readonly ifDeclined: string;
  readonly ifImpossible: string;
}
