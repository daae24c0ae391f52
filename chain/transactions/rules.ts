/** The rule of every transaction kind; the compiler keeps the list complete. */
import type { TransactionKind } from "../types/transaction.ts";
import { algorithmVote } from "./algorithm-vote.ts";
import { bond } from "./bond.ts";
import { jobAudit } from "./job-audit.ts";
import { jobAuditOpen } from "./job-audit-open.ts";
import { jobCancel } from "./job-cancel.ts";
import { jobCommit } from "./job-commit.ts";
import { jobDiverged } from "./job-diverged.ts";
import { jobObject } from "./job-object.ts";
import { jobOpen } from "./job-open.ts";
import { jobRefuse } from "./job-refuse.ts";
import { jobRound } from "./job-round.ts";
import { jobSettle } from "./job-settle.ts";
import { parameterVote } from "./parameter-vote.ts";
import { register } from "./register.ts";
import { reonion } from "./reonion.ts";
import type { Rule } from "./rule.ts";
import { trackCommit } from "./track-commit.ts";
import { trackResult } from "./track-result.ts";
import { trackShow } from "./track-show.ts";
import { trackVerdict } from "./track-verdict.ts";
import { transfer } from "./transfer.ts";
import { unbond } from "./unbond.ts";
import { windowCommit } from "./window-commit.ts";
import { windowVerdict } from "./window-verdict.ts";

const RULES: { readonly [K in TransactionKind]: Rule<K> } = {
  transfer,
  register,
  bond,
  reonion,
  "window-commit": windowCommit,
  "window-verdict": windowVerdict,
  "job-open": jobOpen,
  "job-commit": jobCommit,
  "job-round": jobRound,
  "job-settle": jobSettle,
  "job-cancel": jobCancel,
  unbond,
  "parameter-vote": parameterVote,
  "job-audit": jobAudit,
  "job-audit-open": jobAuditOpen,
  "track-commit": trackCommit,
  "track-result": trackResult,
  "track-verdict": trackVerdict,
  "track-show": trackShow,
  "job-refuse": jobRefuse,
  "job-diverged": jobDiverged,
  "job-object": jobObject,
  "algorithm-vote": algorithmVote,
};

/** The rule for a decoded payload; selector and value type always belong together. */
export function ruleOf(kind: TransactionKind): Rule<TransactionKind> {
  return RULES[kind] as Rule<TransactionKind>;
}
