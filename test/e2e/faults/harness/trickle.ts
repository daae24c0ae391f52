/** A few transfers a second through whichever nodes run: enough that blocks are not empty. */
import { ApiError } from "../../../../node/api/api-error.ts";
import { TransferLoad } from "../../../helpers/transfer-load.ts";
import { type FaultNetwork, pause } from "./fault-network.ts";

const SENDERS = 16;
const EVERY_MS = 250;

export class TransferTrickle {
  submitted = 0;
  #net: FaultNetwork | undefined;
  #isOver = false;
  #running: Promise<void> = Promise.resolve();
  readonly #load = new TransferLoad(SENDERS, () => this.#genesisRoot());

  get accounts(): { address: Uint8Array; balance: bigint }[] {
    return this.#load.accounts;
  }

  start(net: FaultNetwork): void {
    this.#net = net;
    this.#running = this.#run(net);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  #genesisRoot(): Uint8Array {
    if (this.#net === undefined) throw new TypeError("the network is not known yet");
    return this.#net.local.genesisRoot;
  }

  /** A sender keeps to one node as long as that answers; a transfer nobody took is handed in again. */
  async #run(net: FaultNetwork): Promise<void> {
    const waiting = new Map<number, Uint8Array>();
    for (let turn = 0; !this.#isOver; turn++) {
      const sender = turn % SENDERS;
      const bytes = waiting.get(sender) ?? this.#load.next(sender).bytes;
      waiting.set(sender, bytes);
      const { running } = net;
      const node = running[sender % Math.max(1, running.length)];
      try {
        await node?.client.submitTransaction(bytes);
        waiting.delete(sender);
        this.submitted++;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        // The node took it and was killed before it could say so.
        if (error.facts.code === "NONCE_TOO_LOW" || error.facts.code === "ALREADY_KNOWN") {
          waiting.delete(sender);
        }
      }
      await pause(EVERY_MS);
    }
  }
}
