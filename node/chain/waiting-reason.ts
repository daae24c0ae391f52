/** Why a transaction is not in a block yet, in words for its owner. */
import type { Mempool } from "../../chain/mempool/pool.ts";

export interface WaitingFacts {
  /** Sender's account. */
  readonly address: Uint8Array;
  readonly nonce: number;
  /** The account's next nonce. */
  readonly next: number;
  /** Blocks since it was submitted. */
  readonly waited: number;
  /** Connected peers. */
  readonly peers: number;
  /** Why this node itself would not accept it now. */
  readonly refusal: string | undefined;
}

export function waitingReason(facts: WaitingFacts, mempool: Pick<Mempool, "at">): string {
  const { address, nonce, next, waited, peers, refusal } = facts;
  for (let before = next; before < nonce; before++) {
    if (mempool.at(address, before) !== undefined) continue;
    return `nonce ${before} comes first, and this node knows no transaction with it`;
  }
  if (nonce > next) return `${nonce - next} earlier of the same account come first`;
  if (refusal !== undefined) return refusal;
  if (peers === 0) return "no peer is connected to which it could be sent";
  if (waited < 2) return "it was submitted just now";
  return `it has been offered to ${peers} peers repeatedly, but no proposer has included it in ${waited} blocks`;
}
