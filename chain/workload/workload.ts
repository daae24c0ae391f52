/**
 * The contract of a kind of work. The frame of a job (chain/job/, chain/audit/) draws nodes, takes their commits,
 * counts records, has updates audited and divides the escrow. It does so for every kind alike, in units of work; the
 * definition of a unit, and all other differences between kinds, are behind this contract.
 */
import type { Parameters } from "../types/genesis.ts";
import type { Job, JobProgress, JobRecord, JobSpec } from "../types/job.ts";

export interface Workload {
  /** @throws TransactionError BAD_FIELD for an order that nobody can carry out, or that pays too little */
  check(spec: JobSpec, parameters: Parameters): void;
  /** Units of work of an order; at most so many are paid. */
  units(spec: JobSpec): bigint;
  /** Those of its units that its recorded rounds have left to do. */
  unitsLeft(job: Job): bigint;
  /** With more participants than this, some would have nothing to do. */
  mostParticipants(spec: JobSpec): number;
  /** @throws TransactionError BAD_FIELD when one participant cannot have done these units in the round under way */
  checkUnits(job: Job, units: number): void;
  /** Whether others can replay the work of a participant, bit for bit. */
  isAuditable(spec: JobSpec): boolean;
  /**
   * Whether replays alone can show that an update is ordered work even if a record leaves it out. If not, such an
   * update is neither audited nor paid.
   */
  readonly countsLeftOut: boolean;
  /** Whether the work can reach numbers that are not finite, so that honest participants have no update. */
  readonly canDiverge: boolean;
  /** Into how many parts a run of so many units is divided for its audit; 0 for none. */
  segments(spec: JobSpec, units: number): number;
  /** Operations of a run of so many units. */
  runOperations(spec: JobSpec, units: number): bigint;
  /** Bytes to fetch before a part of a run can be replayed. */
  replayBytes(spec: JobSpec): bigint;
  /** Micro-POML that an order promises besides the pay for units. */
  bonus(spec: JobSpec): bigint;
  /**
   * Nodes among which it is divided in the end: an equal share for each time that one is named. Those at fault get none,
   * and the others share it.
   */
  bonusShares(job: Job): readonly number[];
  /** The progress of a job that has not begun. */
  start(spec: JobSpec): JobProgress;
  /** Hash of what the current round starts from; it binds audits, and statements of the team, to that round. */
  base(job: Job): Uint8Array;
  /**
   * Hashes of the files that the order names, and of the result. For a settled job, only of the files that are needed
   * to use the result.
   */
  files(job: Job): readonly Uint8Array[];
  /** @throws TransactionError RECORD_MISMATCH */
  checkRecord(job: Job, record: JobRecord): void;
  /** Contributing nodes whose updates of this round must be replayed as a whole. */
  doubted(record: JobRecord): readonly number[];
  /** How the job continues after a checked record. */
  advance(job: Job, record: JobRecord): Advance;
}

export interface Advance {
  readonly progress: JobProgress;
  /** How the job ends with this round; undefined when another round follows. */
  readonly outcome: "complete" | "target" | "stalled" | undefined;
}
