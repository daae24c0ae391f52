/** What a kind of work says of how its jobs stand and end: parts of the sentences of job-outcome.ts. */
import type { Job } from "../../chain/types/job.ts";

export interface OutcomeTexts {
  /** A sentence. */
  complete(job: Job): string;
  /** A sentence. */
  target(job: Job): string;
  /** Of the round under way, while participants work; no full stop. */
  working(job: Job): string;
  /** Of the round under way, while the team merges; no full stop. */
  merging(job: Job): string;
  /** Of the last recorded round, "round 3 of 5". */
  roundName(job: Job): string;
  /** What the client has of a job that ended early; a sentence. */
  whatIsLeft(job: Job): string;
  /** Remedies, each as a clause without full stop. */
  readonly steadier: string;
  readonly ifDeclined: string;
  readonly ifImpossible: string;
}
