/** From a recorded round to its audits: no update is paid before somebody has looked at it. */
import { clearCommits, hasCommitted, isOut } from "../job/phase.ts";
import { isAuditable } from "../job/segments.ts";
import type { State } from "../state/state.ts";
import { AUDIT_STAGES, type Audit } from "../types/audit.ts";
import type { Job, Participant, TrainingRecord } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { punishUnusable } from "./penalty.ts";

/**
 * Recorded updates go to their audits, or are paid at once on an engine that nobody can replay. Who
 * committed to something the team could not use pays for having promised it.
 * @param changes takes the changes of rating for the block to tell
 */
export function takeContributions(
  state: State,
  job: Job,
  record: TrainingRecord,
  changes: RatingChange[],
): Job {
  const recorded = new Set(record.contributions.map(({ node }) => node));
  const audits: Audit[] = [];
  const participants = job.participants.map((participant, shard) => {
    if (!hasCommitted(participant) || isOut(participant)) return participant;
    if (!recorded.has(participant.node)) {
      const change = punishUnusable(state, participant.node);
      if (change !== undefined) changes.push(change);
      return participant;
    }
    if (!isAuditable(job.spec)) return paidAtOnce(participant);
    audits.push(newAudit(participant, { shard, round: job.round, job, height: state.height }));
    return participant;
  });
  return { ...job, participants, audits: [...job.audits, ...audits] };
}

/**
 * Updates of a round that has no record. Whatever they are worth to the client, an audit can tell that they
 * are what the order made of its data, and such work is paid. Where nobody can replay it, it is not.
 * @param usable participants that committed to updates fit for an audit
 */
export function takeUnrecorded(job: Job, usable: readonly Participant[], height: number): Job {
  if (!isAuditable(job.spec)) return { ...job, participants: clearCommits(job.participants) };
  const audits = usable
    .filter((participant) => !isOut(participant))
    .map((participant) => {
      const shard = job.participants.indexOf(participant);
      return newAudit(participant, { shard, round: job.round, job, height });
    });
  return {
    ...job,
    participants: clearCommits(job.participants),
    audits: [...job.audits, ...audits],
  };
}

function paidAtOnce(participant: Participant): Participant {
  return {
    ...participant,
    paidSamples: participant.paidSamples + BigInt(participant.samples),
    paidRounds: participant.paidRounds + 1,
  };
}

interface Place {
  readonly shard: number;
  readonly round: number;
  readonly job: Job;
  readonly height: number;
}

function newAudit(participant: Participant, { shard, round, job, height }: Place): Audit {
  const { node, updateHash, checkpointRoot, samples } = participant;
  return {
    round,
    node,
    look: 0,
    shard,
    parameters: job.parameters,
    updateHash,
    checkpointRoot,
    samples,
    segment: 0,
    stage: AUDIT_STAGES.indexOf("drawing"),
    since: height,
    seats: [],
    auditors: 0,
    opened: ZERO_HASH,
    retries: 0,
  };
}
