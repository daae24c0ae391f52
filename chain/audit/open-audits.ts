/**
 * From the commits of a round to their audits. What a participant is paid and how it is rated follows from the
 * replay of its update by others and never from the word of a team: an update that a record leaves out, that a
 * refusal names or for which no record came is audited like every other. Its auditors must then be able to get
 * the update too, since nobody else says that it was there.
 */
import { clearCommits, hasCommitted, isOut } from "../job/phase.ts";
import { isAuditable } from "../job/segments.ts";
import { AUDIT_STAGES, type Audit } from "../types/audit.ts";
import type { Job, Participant, TrainingRecord } from "../types/job.ts";
import { ZERO_HASH } from "../types/primitive.ts";

/**
 * All commits of a recorded round go to their audits. On an engine that nobody can replay the recorded ones are
 * paid at once: there the word of the team is all there is.
 */
export function takeRecorded(job: Job, { contributions }: TrainingRecord, height: number): Job {
  return takeCommits(job, new Set(contributions.map(({ node }) => node)), height);
}

/** The commits of a round without a record. */
export function takeUnrecorded(job: Job, height: number): Job {
  return takeCommits(job, new Set(), height);
}

function takeCommits(job: Job, merged: ReadonlySet<number>, height: number): Job {
  const canReplay = isAuditable(job.spec);
  const audits: Audit[] = [];
  const participants = job.participants.map((participant, shard) => {
    if (!hasCommitted(participant) || isOut(participant)) return participant;
    const isMerged = merged.has(participant.node);
    if (!canReplay) return isMerged ? paidAtOnce(participant) : participant;
    audits.push(newAudit(job, participant, { shard, isMerged, height }));
    return participant;
  });
  return {
    ...job,
    participants: clearCommits(participants),
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
  readonly isMerged: boolean;
  readonly height: number;
}

function newAudit(
  { round, parameters }: Job,
  { node, updateHash, checkpointRoot, samples }: Participant,
  { shard, isMerged, height }: Place,
): Audit {
  return {
    round,
    node,
    look: 0,
    shard,
    merged: isMerged ? 1 : 0,
    parameters,
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
