/** How the command line shows jobs of a kind of work. */
import type { JobKind } from "../../../chain/types/job.ts";
import type { JobDetail, JobSummary, RoundJson } from "../../api/contract/jobs/job.ts";
import type { Cell, Output } from "../output.ts";

export type SummaryOf<K extends JobKind> = Extract<JobSummary, { kind: K }>;
export type DetailOf<K extends JobKind> = Extract<JobDetail, { kind: K }>;
export type RoundOf<K extends JobKind> = Extract<RoundJson, { kind: K }>;

export interface JobView<K extends JobKind> {
  /** How far it is, in words. */
  progress(job: SummaryOf<K> | DetailOf<K>): string;
  /** What it gave so far, in a word or a number; `-` for nothing. */
  result(job: SummaryOf<K>): string;
  /** How much is done: 0 to 1. */
  share(job: DetailOf<K>): number;
  /** How far its round is, while it runs. */
  roundState(job: DetailOf<K>): string;
  /** What was ordered, and what came of it. */
  fields(job: DetailOf<K>): Readonly<Record<string, Cell>>;
  showParticipants(output: Output, job: DetailOf<K>): void;
  showRounds(output: Output, rounds: readonly RoundOf<K>[], job: DetailOf<K>): void;
  roundLine(round: RoundOf<K>, job: DetailOf<K>): string;
  /** What a client does with a job that is done. */
  showNext(output: Output, job: DetailOf<K>): void;
}
