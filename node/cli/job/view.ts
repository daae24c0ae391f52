/** How the command line shows jobs of a kind of work. */
import type { JobKind } from "../../../chain/types/job.ts";
import type { JobDetail, JobSummary, RoundJson } from "../../api/contract/jobs/job.ts";
import type { Cell, Output } from "../output.ts";

export type SummaryOf<K extends JobKind> = Extract<JobSummary, { kind: K }>;
export type DetailOf<K extends JobKind> = Extract<JobDetail, { kind: K }>;
export type RoundOf<K extends JobKind> = Extract<RoundJson, { kind: K }>;

export interface JobView<K extends JobKind> {
  /** What its participants do, as a word for the phase that the chain calls `training` for every kind of work. */
  readonly working: string;
  /** The command with which a client orders such a job. */
  readonly orderCommand: string;
  /** What `poml job result` downloads; begins a sentence. */
  readonly downloaded: string;
  /** The progress of the job, in words. */
  progress(job: SummaryOf<K> | DetailOf<K>): string;
  /** The result so far, as a word or a number; `-` when there is none. */
  result(job: SummaryOf<K>): string;
  /** How much is done: 0 to 1. */
  share(job: DetailOf<K>): number;
  /** The progress of the current round. */
  roundState(job: DetailOf<K>): string;
  /** The order and its result. */
  fields(job: DetailOf<K>): Readonly<Record<string, Cell>>;
  showParticipants(output: Output, job: DetailOf<K>): void;
  showRounds(output: Output, rounds: readonly RoundOf<K>[], job: DetailOf<K>): void;
  roundLine(round: RoundOf<K>, job: DetailOf<K>): string;
  /** The commands with which a client continues after the job is done. */
  showNext(output: Output, job: DetailOf<K>): void;
}
