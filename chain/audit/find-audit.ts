/** Finds an open audit of an update. */
import { refuse } from "../transaction-error.ts";
import type { Audit } from "../types/audit.ts";
import type { Job } from "../types/job.ts";

type AuditName = Pick<Audit, "round" | "node" | "look">;

export function findAudit(job: Job, { round, node, look }: AuditName): Audit {
  const found = job.audits.find(
    (audit) => audit.round === round && audit.node === node && audit.look === look,
  );
  if (found === undefined) {
    refuse(`no audit of node ${node} in round ${round} is open`, { code: "NO_AUDIT", round, node });
  }
  return found;
}
