/** Names a look at an update among those this node has to do with. */
import { toHex } from "../../chain/crypto/hash.ts";
import type { Audit } from "../../chain/types/audit.ts";
import type { Job } from "../../chain/types/job.ts";

export function auditKey(job: Pick<Job, "id">, { round, node, look }: Audit): string {
  return `${toHex(job.id)}/${round}/${node}/${look}`;
}
