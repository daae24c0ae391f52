/** Lets the nodes outside the genesis join: each is sent its bond and registers by itself. */
import { transferPayload } from "../../wallet/payload.ts";
import { sendTransaction } from "../send.ts";
import { type Devnet, NEWCOMER_FUNDS } from "./network.ts";

/** @param onJoin sees each node that has its money, and the block of the transfer */
export async function joinNewcomers(
  net: Devnet,
  onJoin: (name: string, height: number) => void,
): Promise<void> {
  const [entry] = net.running;
  if (entry === undefined) return;
  for (const { name, identity, isFounder } of net.running) {
    if (isFounder) continue;
    const payload = transferPayload(identity.address, NEWCOMER_FUNDS);
    const { id } = await sendTransaction(entry.client, net.client, payload);
    const { height = 0 } = await entry.client.waitForTransaction(id);
    onJoin(name, height);
  }
}
