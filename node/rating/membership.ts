/**
 * Keeps this node a member: it registers the node if the owner wants that, and renews its hash onion. A waiting
 * transaction is not sent a second time, because the sender of duties keeps it until it is final.
 */

import { addressOf } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { REONION_BELOW } from "../../chain/transactions/reonion.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import type { OnionKeeper } from "../consensus/onion-keeper.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { registerPayload } from "../wallet/payload.ts";
import { feeFor } from "../wallet/sign.ts";

export interface MembershipOptions {
  readonly publicKey: Uint8Array;
  readonly name: string;
  /** Bond for automatic registration; undefined = the owner registers by hand. */
  readonly bond: bigint | undefined;
}

export interface MembershipModules {
  readonly chain: Pick<Chain, "state" | "height">;
  readonly duties: Pick<DutySender, "send">;
  readonly onion: OnionKeeper;
  readonly log: NodeLog;
  /** The address at which this node listens, for its record. */
  endpoint(): string;
}

/** Blocks between two checks of transactions that did not become final. */
const RETRY_BLOCKS = 50;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #modules: MembershipModules;
  #nextTry = 0;
  #toldBalance = 0n;
  /** Hex id of the last transaction sent. */
  #sent = "";

  constructor(options: MembershipOptions, modules: MembershipModules) {
    this.#options = options;
    this.#modules = modules;
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    if (state.height < this.#nextTry) return;
    const index = state.nodeIndex(this.#options.publicKey);
    if (index === undefined) {
      this.#register();
      return;
    }
    const node = state.nodes.at(index);
    if (node.onionLeft <= REONION_BELOW && node.nextOnionEpoch === 0) {
      const next = this.#modules.onion.next(node);
      if (next !== undefined)
        this.#send(
          "renew onion",
          payloadOf("reonion", { onion: next.onion, onionLength: next.onionLength }),
        );
    }
  }

  #register(): void {
    const { publicKey, name, bond } = this.#options;
    if (bond === undefined) return;
    const { chain, onion, endpoint, log } = this.#modules;
    const payload = registerPayload({ name, endpoint: endpoint(), bond, ...onion.top() });
    const { balance } = chain.state.account(addressOf(publicKey));
    const needed = bond + feeFor(payload, chain.state.parameters);
    if (balance < needed) {
      if (balance > 0n && balance !== this.#toldBalance) {
        this.#toldBalance = balance;
        log.warn("not registered: the account lacks bond and fee", {
          balance: String(balance),
          needed: String(needed),
        });
      }
      return;
    }
    this.#send("register", payload);
  }

  #send(what: string, payload: Parameters<DutySender["send"]>[0]): void {
    const { chain, duties, log } = this.#modules;
    this.#nextTry = chain.height + RETRY_BLOCKS;
    duties.send(payload).then(
      (sent) => {
        const id = toHex(sent);
        if (id !== this.#sent) log.info("membership transaction sent", { what, id });
        this.#sent = id;
      },
      (error: unknown) =>
        log.warn("membership transaction failed", { what, reason: String(error) }),
    );
  }
}
