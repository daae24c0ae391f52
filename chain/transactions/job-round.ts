/**
 * The record of one round: which updates were merged, by which manager, and how good the model is now. Any manager of
 * the team may post it; it counts with the signatures of more than half of the team.
 */
import { takeRecorded } from "../audit/open-audits.ts";
import { equalBytes } from "../crypto/hash.ts";
import { findJob, requirePhase, requireRound } from "../job/find-job.ts";
import { end, enter, hasCommitted } from "../job/phase.ts";
import type { State } from "../state/state.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { type Job, type JobRecord, JobRecord as JobRecordType } from "../types/job.ts";
import { MAX_RECORDS } from "../types/primitive.ts";
import { workloadOf } from "../workload/workloads.ts";
import { innerSignaturesOf, requireMajority, requireManager } from "./cosigners.ts";
import type { Rule } from "./rule.ts";

export const jobRound: Rule<"job-round"> = {
  isDuty: true,
  innerSignatures(state, { record, cosignatures }) {
    const root = JobRecordType.hashTreeRoot(record);
    return innerSignaturesOf(state, record.job, "record", root, cosignatures);
  },
  apply(state, payload, { sender, records, draws }) {
    const { record } = payload;
    const { index, job } = findJob(state, record.job);
    requirePhase(job, "revealing");
    requireRound(job, record.round);
    requireManager(state, job, sender, record.manager, "job-round");
    if (records.length >= MAX_RECORDS) refuseField("record", "the block holds no more records");
    const signers = requireMajority(state, job, payload.cosignatures);
    checkRecord(job, record);
    const next = finishRound(state, job, record, signers);
    draws.takeUpdates(next.audits.length - job.audits.length);
    records.push(record);
    state.jobs.set(index, next);
  },
};

function checkRecord(job: Job, record: JobRecord): void {
  const mismatch = (field: string): never =>
    refuse(`${field} of the record does not fit the job`, { code: "RECORD_MISMATCH", field });
  if (record.contributions.length < job.spec.quorum) mismatch("contributions");
  record.contributions.forEach((contribution, i) => {
    const before = record.contributions[i - 1];
    if (before !== undefined && before.node >= contribution.node) mismatch("contributions");
    const committed = job.participants.find(({ node }) => node === contribution.node);
    if (
      committed === undefined ||
      !hasCommitted(committed) ||
      committed.units !== contribution.units ||
      committed.workMs !== contribution.workMs ||
      committed.updateBytes !== contribution.updateBytes ||
      !equalBytes(committed.updateHash, contribution.updateHash)
    ) {
      mismatch("contributions");
    }
  });
  if (record.gain.selector !== job.spec.work.selector) mismatch("gain");
  workloadOf(job.spec).checkRecord(job, record);
}

/** @param signers team positions */
function finishRound(state: State, job: Job, record: JobRecord, signers: readonly number[]): Job {
  const { height } = state;
  const credits = job.credits.map((credit, member) => {
    if (!signers.includes(member)) return credit;
    return credit + (job.team[member] === record.manager ? 2 : 1);
  });
  const { progress, outcome } = workloadOf(job.spec).advance(job, record);
  const next: Job = {
    ...takeRecorded(state, job, record),
    credits,
    extensions: 0,
    progress,
    round: outcome === undefined ? job.round + 1 : job.round,
  };
  return outcome === undefined ? enter(next, "training", height) : end(next, outcome, height);
}
