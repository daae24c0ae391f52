/**
 * What the frame of jobs needs from a kind of work on this node (chain/workload/workload.ts is the same for the chain).
 * The frame looks at orders, co-signs rounds, audits, and answers audits for all kinds alike; the differences are
 * behind this interface.
 */
import type { Audit } from "../../chain/types/audit.ts";
import type { Job, JobRecord, JobSpec, ObjectionReason } from "../../chain/types/job.ts";
import type { OnBlock } from "../on-block.ts";
import type { AcceptedOrders } from "./accepted-orders.ts";
import type { JobService } from "./dispatch.ts";
import type { RoomNeeds } from "./duty-room.ts";
import type { Finding, JudgeOptions } from "./replay-finding.ts";
import type { RoundOutcome } from "./round-outcome.ts";
import type { Asked } from "./round-outcomes.ts";

export interface MergeControl {
  /** Length of a phase. */
  readonly phaseMs: number;
  readonly signal: AbortSignal;
}

export interface KindDuties {
  /** Names by which the owner may allow such an order; one of them must be in `jobs.allow`. */
  namesOf(spec: JobSpec): readonly string[];
  /** For a participant, for one round. */
  workNeeds(job: Job): RoomNeeds;
  /** For a member of the team, for one round. */
  mergeNeeds(job: Job): RoomNeeds;
  /**
   * Reads the files of an order.
   * @returns why this machine declines it; undefined when it can work on it
   * @throws an error that `objectionTo` recognises when nobody can carry out the order
   */
  look(job: Job, signal: AbortSignal): Promise<string | undefined>;
  /** The objection to the order, if only its files can be the cause of the error. */
  objectionTo(error: unknown): ObjectionReason | undefined;
  /**
   * @param asked undefined: all valid updates that arrive
   * @throws JobError NO_QUORUM
   */
  merge(job: Job, asked: Asked | undefined, control: MergeControl): Promise<RoundOutcome>;
  /**
   * Replays the drawn part of an update. A failure on this node's side is thrown; the participant is never blamed for
   * it.
   */
  judge(job: Job, audit: Audit, options: JudgeOptions): Promise<Finding>;
  /** Whether a replay starts from a state that only the participant has. */
  readonly hasStates: boolean;
  /** Facts of a recorded round, for the log. */
  factsOf(record: JobRecord): Readonly<Record<string, unknown>>;
}

/** The parts that a kind of work adds to a node. */
export interface JobKindParts {
  readonly duties: KindDuties;
  /** Services of this kind alone, which work on accepted orders. */
  services(orders: AcceptedOrders): readonly JobService[];
  /** Services that look at blocks even if this node has no part in open jobs. */
  readonly watchers: readonly OnBlock[];
}
