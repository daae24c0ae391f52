/**
 * What the frame of jobs asks of a kind of work on this node, as chain/workload/workload.ts is what the chain asks. The
 * frame looks at orders, co-signs rounds, audits and answers audits for all kinds alike; what differs is behind this.
 */
import type { Audit } from "../../chain/types/audit.ts";
import type { Job, JobRecord, JobSpec, ObjectionReason } from "../../chain/types/job.ts";
import type { OnBlock } from "../on-block.ts";
import type { AcceptedOrders } from "./accepted-orders.ts";
import type { JobService } from "./dispatch.ts";
import type { RoomNeeds } from "./duty-room.ts";
import type { Finding, JudgeOptions } from "./finding.ts";
import type { RoundOutcome } from "./round-outcome.ts";
import type { Asked } from "./round-outcomes.ts";

export interface MergeControl {
  /** Length of a phase. */
  readonly phaseMs: number;
  readonly signal: AbortSignal;
}

export interface KindDuties {
  /** Names by which the owner may allow such an order; one of them must stand in `jobs.allow`. */
  namesOf(spec: JobSpec): readonly string[];
  /** Of a participant, for one round. */
  workNeeds(job: Job): RoomNeeds;
  /** Of a member of the team, for one round. */
  mergeNeeds(job: Job): RoomNeeds;
  /**
   * Reads the files of an order.
   * @returns why this machine declines it; undefined when it can work on it
   * @throws what `objectionTo` knows a reason of, when nobody can carry it out
   */
  look(job: Job, signal: AbortSignal): Promise<string | undefined>;
  /** What is wrong with the order, if only its files can be the reason of the error. */
  objectionTo(error: unknown): ObjectionReason | undefined;
  /** @param asked undefined: of all updates that arrive and hold @throws JobError NO_QUORUM */
  merge(job: Job, asked: Asked | undefined, control: MergeControl): Promise<RoundOutcome>;
  /**
   * Replays the drawn part of an update. Whatever fails on this node's side is thrown, never blamed on the
   * participant.
   */
  judge(job: Job, audit: Audit, options: JudgeOptions): Promise<Finding>;
  /** Whether a replay starts from a state that only the participant has. */
  readonly hasStates: boolean;
  /** Of a recorded round, for the log. */
  factsOf(record: JobRecord): Readonly<Record<string, unknown>>;
}

/** What a kind of work brings to a node. */
export interface JobKindParts {
  readonly duties: KindDuties;
  /** Services of this kind alone, which work on accepted orders. */
  services(orders: AcceptedOrders): readonly JobService[];
  /** What looks at blocks whether or not this node has a part in open jobs. */
  readonly watchers: readonly OnBlock[];
}
