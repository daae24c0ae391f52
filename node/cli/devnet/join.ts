/** Lets the nodes outside the genesis join: the client sends each its bond, and each registers by itself. */

import { formatAddress } from "../../../chain/crypto/address.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import { sendTransaction } from "../send.ts";
import { type Devnet, NEWCOMER_FUNDS } from "./network.ts";

/**
 * Skips nodes that joined, or got their money, in an earlier run.
 * @param onJoin called for each node that has its money, with the block of the transfer
 */
export async function joinNewcomers(
  net: Devnet,
  onJoin: (name: string, height: number) => void,
): Promise<void> {
  const [entry] = net.running;
  if (entry === undefined) return;
  for (const { name, identity, isFounder } of net.running) {
    if (isFounder) continue;
    const { balance, nonce } = await entry.client.account(formatAddress(identity.address));
    if (nonce > 0 || BigInt(balance) >= NEWCOMER_FUNDS) continue;
    const payload = payloadOf("transfer", { to: identity.address, amount: NEWCOMER_FUNDS });
    const { id } = await sendTransaction(entry.client, net.client, payload);
    const { height = 0 } = await entry.client.waitForTransaction(id);
    onJoin(name, height);
  }
}
