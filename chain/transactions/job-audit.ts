/**
 * A drawn auditor reports what it found. A match proves itself. Members of a committee hide their findings until all
 * have answered, so that no member can copy another's proof.
 */
import { findAudit } from "../audit/find-audit.ts";
import { withAudit } from "../audit/outcome.ts";
import { provesMatch } from "../audit/proof.ts";
import { segmentsOf } from "../audit/replay-operations.ts";
import { answerOf, stageOf } from "../audit/tick.ts";
import { findJob } from "../job/find-job.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import {
  ALL_SEGMENTS,
  AUDIT_ANSWERS,
  type Audit,
  type AuditAnswer,
  type AuditStage,
} from "../types/audit.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { Payloads } from "../types/transaction.ts";
import type { Rule } from "./rule.ts";

const AUDITOR_ANSWERS: readonly AuditAnswer[] = ["match", "mismatch", "not-served"];
const COMMITTEE_ANSWERS: readonly AuditAnswer[] = ["sealed", "not-served"];

export const jobAudit: Rule<"job-audit"> = {
  isDuty: true,
  apply(state, payload, { sender }) {
    const { index, job } = findJob(state, payload.job);
    const audit = findAudit(job, payload);
    const node = state.nodeIndex(sender);
    const isJudging = stageOf(audit) === "judging";
    // In a small network an auditor that accused may be a member of the committee too.
    const asked = isJudging ? audit.seats.slice(audit.auditors) : audit.seats;
    const seat = asked.find((other) => other.node === node);
    if (seat === undefined) {
      refuse("not drawn for this audit", { code: "NOT_ASSIGNED", duty: "job-audit" });
    }
    if (answerOf(seat) !== "none") {
      refuse("answered already, or too late", { code: "ALREADY_DONE", duty: "job-audit" });
    }
    const answer = checkAnswer(payload.answer, stageOf(audit));
    const segments = segmentsOf(audit, job.spec);
    checkProof(payload, answer, audit, segments);
    const answered = {
      ...seat,
      answer: payload.answer,
      seal: answer === "sealed" ? (payload.proof[0] ?? ZERO_HASH) : ZERO_HASH,
    };
    const next = {
      ...audit,
      segment: disputed(payload, answer, audit, segments),
      seats: audit.seats.map((other) => (other === seat ? answered : other)),
    };
    state.jobs.set(index, withAudit(job, audit, next));
  },
};

function checkAnswer(value: number, stage: AuditStage): AuditAnswer {
  const answer = AUDIT_ANSWERS[value];
  const allowed = stage === "judging" ? COMMITTEE_ANSWERS : AUDITOR_ANSWERS;
  if (answer === undefined || !allowed.includes(answer)) {
    refuseField("answer", `${allowed.join(", ")} are taken now, got ${answer ?? value}`);
  }
  return answer;
}

function checkProof(
  { proof }: Payloads["job-audit"],
  answer: AuditAnswer,
  audit: Audit,
  segments: number,
): void {
  if (answer === "match") {
    if (provesMatch(audit, segments, proof)) return;
    refuseField("proof", "does not show the end of the segment under the committed root");
  }
  const length = answer === "sealed" ? 1 : 0;
  if (proof.length !== length) refuseField("proof", `takes ${length} hashes, got ${proof.length}`);
}

/** An auditor that replayed all segments names the first that differs; otherwise the drawn segment stays. */
function disputed(
  { segment }: Payloads["job-audit"],
  answer: AuditAnswer,
  audit: Audit,
  segments: number,
): number {
  const isNamed = answer === "mismatch" && audit.segment === ALL_SEGMENTS;
  const limit = isNamed ? segments : 1;
  if (segment >= limit) refuseField("segment", `must be below ${limit}, got ${segment}`);
  return isNamed ? segment : audit.segment;
}
