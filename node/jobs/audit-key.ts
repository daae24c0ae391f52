/** The key of an audit among those that concern this node. */
import { toHex } from "../../chain/crypto/hash.ts";
import type { Audit } from "../../chain/types/audit.ts";
import type { Job } from "../../chain/types/job.ts";

export function auditKey(job: Pick<Job, "id">, { round, node, look }: Audit): string {
  return `${toHex(job.id)}/${round}/${node}/${look}`;
}
