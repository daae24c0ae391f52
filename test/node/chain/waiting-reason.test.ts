import { expect } from "chai";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { waitingReason } from "../../../node/chain/waiting-reason.ts";

const FACTS = {
  address: new Uint8Array(20),
  nonce: 7,
  next: 7,
  waited: 4,
  peers: 3,
  refusal: undefined,
};

/** A mempool that has transactions with these nonces. */
const holding = (...nonces: readonly number[]) => ({
  at: (_: Uint8Array, nonce: number) =>
    nonces.includes(nonce) ? ({} as SignedTransaction) : undefined,
});

describe("the reason why a transaction waits", () => {
  it("names the first nonce below it that no known transaction has", () => {
    const reason = waitingReason({ ...FACTS, next: 4 }, holding(4, 6));
    expect(reason).to.contain("nonce 5 comes first");
  });

  it("counts the transactions before it when all of them are known", () => {
    const reason = waitingReason({ ...FACTS, next: 4, peers: 0 }, holding(4, 5, 6));
    expect(reason).to.contain("3 earlier of the same account");
  });

  it("is the refusal of this node's own mempool rather than anything about peers", () => {
    const reason = waitingReason({ ...FACTS, refusal: "the fee is too low", peers: 0 }, holding());
    expect(reason).to.equal("the fee is too low");
  });

  it("says that there is no peer, that it is new, or for how long proposers have left it out", () => {
    expect(waitingReason({ ...FACTS, peers: 0 }, holding())).to.contain("no peer is connected");
    expect(waitingReason({ ...FACTS, waited: 1 }, holding())).to.contain("just now");
    expect(waitingReason(FACTS, holding())).to.contain("3 peers").and.to.contain("4 blocks");
  });
});
