import type { PomlClient } from "../../node/api/client.ts";
import type { JobOrder } from "../../node/api/contract/jobs/job.ts";
import { type OpenedJob, openPrepared } from "../../node/cli/job/open.ts";
import type { Identity } from "../../node/wallet/key-file.ts";

/** Prepares, signs and pays. Returns when the opening is final. @throws ApiError */
export async function orderJob(
  client: PomlClient,
  wallet: Identity,
  order: JobOrder,
): Promise<OpenedJob> {
  return openPrepared(client, wallet, await client.prepareJob(order));
}
