/** Lets the nodes outside the genesis join: each is sent its bond and registers by itself. */

import { formatAddress } from "../../../chain/crypto/address.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import { sendTransaction } from "../send.ts";
import { type Devnet, NEWCOMER_FUNDS } from "./network.ts";

/**
 * Leaves out those that have joined, or have their money, from an earlier run.
 * @param onJoin sees each node that has its money, and the block of the transfer
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
