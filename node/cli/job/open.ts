/** Opens a job as a client: the node prepares and prices the order, the client's wallet signs and pays. */

import { fromHex } from "../../../chain/crypto/hash.ts";
import { JobSpec } from "../../../chain/types/job.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import type { PomlClient } from "../../api/client.ts";
import type { PreparedJson } from "../../api/contract/jobs/job.ts";
import type { Identity } from "../../wallet/key-file.ts";
import { sendTransaction } from "../send.ts";

export interface OpenedJob {
  /** Hex; also the id of the opening transaction. */
  readonly id: string;
  readonly prepared: PreparedJson;
  /** Height of the block that opened it. */
  readonly height: number;
}

/** Signs and pays a prepared order. Returns when the opening is final. @throws ApiError */
export async function openPrepared(
  client: PomlClient,
  wallet: Identity,
  prepared: PreparedJson,
): Promise<OpenedJob> {
  const spec = JobSpec.deserialize(fromHex(prepared.specBytes));
  const payload = payloadOf("job-open", { spec, escrow: BigInt(prepared.escrow) });
  const { id } = await sendTransaction(client, wallet, payload);
  const { height = 0 } = await client.waitForTransaction(id);
  return { id, prepared, height };
}
