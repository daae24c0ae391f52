/**
 * Shows the committed state at the end of a disputed segment after the committee has sealed its
 * answers: the seals made of the same state are matches. The participant posts it, or a member.
 */
import { findAudit } from "../audit/find.ts";
import { withAudit } from "../audit/outcome.ts";
import { provesMatch } from "../audit/proof.ts";
import { stageOf } from "../audit/tick.ts";
import { isOpened } from "../committee/seal.ts";
import { findJob } from "../job/find.ts";
import { segmentCount } from "../job/segments.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { type Rule, refuse, refuseField } from "./rule.ts";

const duty = "job-audit-open";

export const jobAuditOpen: Rule<"job-audit-open"> = {
  apply(state, payload, { sender }) {
    const { index, job } = findJob(state, payload.job);
    const audit = findAudit(job, payload);
    const node = state.nodeIndex(sender);
    if (node !== audit.node && audit.seats.every((seat) => seat.node !== node)) {
      refuse("neither the participant nor of the committee", { code: "NOT_ASSIGNED", duty });
    }
    if (stageOf(audit) !== "opening") {
      const { round } = audit;
      refuse("the committee has not answered", { code: "NO_AUDIT", round, node: audit.node });
    }
    if (isOpened(audit)) refuse("shown already", { code: "ALREADY_DONE", duty });
    if (!provesMatch(audit, segmentCount(job.spec, audit.samples), payload.proof)) {
      refuseField("proof", "does not show the end of the segment under the committed root");
    }
    const next = { ...audit, opened: payload.proof[0] ?? ZERO_HASH };
    if (!isOpened(next)) refuseField("proof", "the shown state must not be zero");
    state.jobs.set(index, withAudit(job, audit, next));
  },
};
