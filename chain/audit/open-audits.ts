/**
 * Opens the audits of the commits of a round. The pay and the rating of a participant follow from the replay of its
 * update by other nodes, and never from the word of a team. So an update is audited like any other if a record leaves
 * it out, if a refusal names it, or if no record came for its round. Its auditors must then also be able to fetch the
 * update, because nobody else confirms that it existed.
 */
import { clearCommits, hasCommitted, isOut } from "../job/phase.ts";
import type { State } from "../state/state.ts";
import { ALL_SEGMENTS, AUDIT_STAGES, type Audit } from "../types/audit.ts";
import type { Job, JobRecord, Participant } from "../types/job.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { workloadOf } from "../workload/workloads.ts";
import { isWatched } from "./penalty.ts";

/**
 * All commits of a recorded round go to their audits. If the engine does not allow replays, the recorded ones are paid
 * at once, because the word of the team is the only evidence.
 */
export function takeRecorded(state: State, job: Job, record: JobRecord): Job {
  const merged = new Set(record.contributions.map(({ node }) => node));
  const doubted = new Set(workloadOf(job.spec).doubted(record));
  return takeCommits(state, job, { merged, doubted, isRecorded: true });
}

/** The commits of a round without a record. */
export function takeUnrecorded(state: State, job: Job): Job {
  const none = new Set<number>();
  return takeCommits(state, job, { merged: none, doubted: none, isRecorded: false });
}

/** What is said about the commits of a round. */
interface Said {
  readonly isRecorded: boolean;
  readonly merged: ReadonlySet<number>;
  /** Their updates are replayed as a whole; the word of a team has no other effect on them. */
  readonly doubted: ReadonlySet<number>;
}

function takeCommits(state: State, job: Job, { merged, doubted, isRecorded }: Said): Job {
  const workload = workloadOf(job.spec);
  const canReplay = workload.isAuditable(job.spec);
  const audits: Audit[] = [];
  const participants = job.participants.map((participant, shard) => {
    if (!hasCommitted(participant) || isOut(participant)) return participant;
    const { node, units } = participant;
    const isMerged = merged.has(node);
    if (!canReplay) return isMerged ? paidAtOnce(participant) : participant;
    const isLeftOut = isRecorded && !isMerged;
    if (units === 0 || (isLeftOut && !workload.countsLeftOut)) return participant;
    const place = { shard, isMerged, isDoubted: doubted.has(node) };
    audits.push(newAudit(state, job, participant, place));
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
    paidUnits: participant.paidUnits + BigInt(participant.units),
    paidRounds: participant.paidRounds + 1,
  };
}

interface Place {
  readonly shard: number;
  readonly isMerged: boolean;
  readonly isDoubted: boolean;
}

function newAudit(
  state: State,
  job: Job,
  { node, updateHash, checkpointRoot, units }: Participant,
  { shard, isMerged, isDoubted }: Place,
): Audit {
  // Decided before the mix that draws a segment is known, so that nobody who knows the mix can still take it back.
  const isWhole = isDoubted || isWatched(state.nodes.at(node), state.parameters);
  return {
    round: job.round,
    node,
    look: 0,
    shard,
    merged: isMerged ? 1 : 0,
    base: workloadOf(job.spec).base(job),
    updateHash,
    checkpointRoot,
    units,
    segment: isWhole ? ALL_SEGMENTS : 0,
    stage: AUDIT_STAGES.indexOf("drawing"),
    since: state.height,
    seats: [],
    auditors: 0,
    opened: ZERO_HASH,
    retries: 0,
  };
}
