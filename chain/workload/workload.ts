/**
 * What the chain asks of a kind of work. The frame of a job (chain/job/, chain/audit/) draws nodes, takes their
 * commits, counts records, has updates audited and divides the escrow. It does so for every kind alike, in units of
 * work; what a unit is, and all that differs from kind to kind, is behind this contract.
 */
import type { Parameters } from "../types/genesis.ts";
import type { Job, JobProgress, JobRecord, JobSpec } from "../types/job.ts";

export interface Workload {
  /** @throws TransactionError BAD_FIELD for an order that nobody can carry out, or that pays too little */
  check(spec: JobSpec, parameters: Parameters): void;
  /** Units of work of an order: as many are paid at most. */
  units(spec: JobSpec): bigint;
  /** Those of them that its recorded rounds have left to do. */
  unitsLeft(job: Job): bigint;
  /** More participants than these would have nothing to do. */
  mostParticipants(spec: JobSpec): number;
  /** @throws TransactionError BAD_FIELD when one participant cannot have done these units in the round under way */
  checkUnits(job: Job, units: number): void;
  /** Whether others can replay what a participant did, bit for bit. */
  isAuditable(spec: JobSpec): boolean;
  /**
   * Whether an update that a record leaves out can still be shown to be ordered work, by replays alone. If it cannot,
   * such an update is neither audited nor paid.
   */
  readonly countsLeftOut: boolean;
  /** Whether work can leave the finite numbers, so that honest participants have no update. */
  readonly canDiverge: boolean;
  /** Into how many parts a run of so many units is cut for its audit; 0 for none. */
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
  /** Of a job that has not begun. */
  start(spec: JobSpec): JobProgress;
  /** Hash of what the round under way starts from; it binds audits and what the team says to that round. */
  base(job: Job): Uint8Array;
  /**
   * Hashes of the files that the order names, and of what came of it. Of a settled job those alone that its result
   * is used with.
   */
  files(job: Job): readonly Uint8Array[];
  /** @throws TransactionError RECORD_MISMATCH */
  checkRecord(job: Job, record: JobRecord): void;
  /** Contributing nodes whose updates of this round are to be replayed as a whole. */
  doubted(record: JobRecord): readonly number[];
  /** How the job goes on after a record that was checked. */
  advance(job: Job, record: JobRecord): Advance;
}

export interface Advance {
  readonly progress: JobProgress;
  /** How the job ends with this round; undefined when another round follows. */
  readonly outcome: "complete" | "target" | "stalled" | undefined;
}
