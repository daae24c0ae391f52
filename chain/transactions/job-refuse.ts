/**
 * The team reports that so many updates of a round fail its checks that no quorum is left: the job ends at once, with
 * the reason. The report counts with the signatures of more than half of the team, like a record.
 *
 * Nobody gains by lying here. The team earns credits for records alone, so ending a job early costs it something. Every
 * update of the round is audited, including those that the team names, so its word alone costs nobody anything. The
 * client pays for updates that these audits find right, as it would have for a recorded round, but has no model of this
 * round. A participant that spoils a round on purpose pays the usual price of a false update. An honest participant
 * whose order made its training diverge is paid.
 */
import { takeUnrecorded } from "../audit/open-audits.ts";
import { equalBytes } from "../crypto/hash.ts";
import { findJob, requirePhase, requireRound } from "../job/find-job.ts";
import { end, hasCommitted, isOut } from "../job/phase.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import {
  type Job,
  type RoundRefusal,
  RoundRefusal as RoundRefusalType,
  UPDATE_CHECKS,
} from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";
import { innerSignaturesOf, requireMajority, requireManager } from "./cosigners.ts";
import type { Rule } from "./rule.ts";

export const jobRefuse: Rule<"job-refuse"> = {
  isDuty: true,
  innerSignatures(state, { refusal, cosignatures }) {
    const root = RoundRefusalType.hashTreeRoot(refusal);
    return innerSignaturesOf(state, refusal.job, "refusal", root, cosignatures);
  },
  apply(state, { refusal, cosignatures }, { sender, draws }) {
    const { index, job } = findJob(state, refusal.job);
    requirePhase(job, "revealing");
    requireRound(job, refusal.round);
    requireManager(state, job, sender, refusal.manager, "job-refuse");
    requireMajority(state, job, cosignatures);
    checkRefusal(job, refusal);
    const taken = takeUnrecorded(state, job);
    draws.takeUpdates(taken.audits.length - job.audits.length);
    const ended = end(taken, "refused", state.height);
    state.jobs.set(index, { ...ended, refused: refusal.refused });
  },
};

function checkRefusal(job: Job, { base, refused }: RoundRefusal): void {
  const mismatch = (field: string): never =>
    refuse(`${field} of the refusal does not fit the job`, { code: "RECORD_MISMATCH", field });
  if (!equalBytes(base, workloadOf(job.spec).base(job))) mismatch("base");
  const committed = job.participants.filter((p) => hasCommitted(p) && !isOut(p));
  refused.forEach(({ node, updateHash, check }, i) => {
    const before = refused[i - 1];
    if (before !== undefined && before.node >= node) mismatch("refused");
    const update = committed.find((participant) => participant.node === node);
    if (update === undefined || !equalBytes(update.updateHash, updateHash)) mismatch("refused");
    const name = UPDATE_CHECKS[check];
    if (name === undefined || name === "diverged") refuseField("refused", `has no check ${check}`);
  });
  const left = committed.length - refused.length;
  if (left >= job.spec.quorum) {
    refuseField(
      "refused",
      `leaves ${left} updates, which is enough for the quorum of ${job.spec.quorum}`,
    );
  }
}
