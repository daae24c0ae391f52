/**
 * After the committee has sealed its answers, the participant or a member shows the committed state at the end of the
 * disputed segment. Seals that were made from it are then matches. A member that reached another state shows from what
 * its own seal was made.
 */
import { findAudit } from "../audit/find-audit.ts";
import { withAudit } from "../audit/outcome.ts";
import { provesMatch } from "../audit/proof.ts";
import { segmentsOf } from "../audit/replay-operations.ts";
import { stageOf } from "../audit/tick.ts";
import { explains } from "../committee/ruling.ts";
import { isOpened } from "../committee/seal.ts";
import { findJob } from "../job/find-job.ts";
import type { State } from "../state/state.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import type { Audit } from "../types/audit.ts";
import type { Job } from "../types/job.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { Rule } from "./rule.ts";

const duty = "job-audit-open";
/** The number of hashes in a proof that shows another state; a Merkle path has at least one more. */
const OTHER_STATE = 1;

export const jobAuditOpen: Rule<"job-audit-open"> = {
  isDuty: true,
  apply(state, payload, { sender }) {
    const { index, job } = findJob(state, payload.job);
    const audit = findAudit(job, payload);
    const node = state.nodeIndex(sender);
    if (node !== audit.node && audit.seats.every((seat) => seat.node !== node)) {
      refuse("must be the participant or a member of the committee", {
        code: "NOT_ASSIGNED",
        duty,
      });
    }
    if (stageOf(audit) !== "opening") {
      const { round } = audit;
      refuse("the committee has not answered yet", { code: "NO_AUDIT", round, node: audit.node });
    }
    const { proof } = payload;
    const next =
      proof.length === OTHER_STATE
        ? refuted(state, audit, node, proof[0] ?? ZERO_HASH)
        : opened(job, audit, proof);
    state.jobs.set(index, withAudit(job, audit, next));
  },
};

function opened({ spec }: Job, audit: Audit, proof: readonly Uint8Array[]): Audit {
  if (isOpened(audit)) refuse("shown already", { code: "ALREADY_DONE", duty });
  if (!provesMatch(audit, segmentsOf(audit, spec), proof)) {
    refuseField("proof", "does not show the end of the segment under the committed root");
  }
  const next = { ...audit, opened: proof[0] ?? ZERO_HASH };
  if (!isOpened(next)) refuseField("proof", "the shown state must not be zero");
  return next;
}

function refuted(
  { nodes }: State,
  audit: Audit,
  node: number | undefined,
  reached: Uint8Array,
): Audit {
  const at = audit.seats.findLastIndex((seat) => seat.node === node);
  const mine = audit.seats[at];
  if (mine === undefined || at < audit.auditors) {
    refuse("must be a member of the committee", { code: "NOT_ASSIGNED", duty });
  }
  if (isOpened({ opened: mine.reached })) refuse("shown already", { code: "ALREADY_DONE", duty });
  if (!explains(reached, { seal: mine.seal, publicKey: nodes.at(mine.node).publicKey })) {
    refuseField("proof", "is not the value from which the seal was made");
  }
  const seats = audit.seats.map((seat) => (seat === mine ? { ...mine, reached } : seat));
  return { ...audit, seats };
}
