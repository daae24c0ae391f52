import { expect } from "chai";
import { payloadOf } from "../../../chain/types/transaction.ts";
import type { OwnTransaction } from "../../../node/chain/own-transactions.ts";
import { type Pending, PendingTransactions } from "../../../node/chain/pending-transactions.ts";

const pending = (nonce: number): Pending => ({
  since: 1,
  signed: {
    transaction: {
      sender: new Uint8Array(32),
      nonce,
      fee: 0n,
      validUntil: 100,
      payload: payloadOf("transfer", { to: new Uint8Array(20), amount: 1n }),
    },
    signature: new Uint8Array(64),
  },
});

/** A store in memory that counts how often it is written. */
class Store {
  saved: readonly OwnTransaction[] = [];
  writes = 0;

  async load(): Promise<OwnTransaction[]> {
    return [...this.saved];
  }

  async save(waiting: readonly OwnTransaction[]): Promise<void> {
    this.saved = waiting;
    this.writes++;
  }
}

describe("the list of pending transactions", () => {
  const noncesOf = (all: readonly OwnTransaction[]) =>
    all.map(({ signed }) => signed.transaction.nonce);

  it("is kept in nonce order, and is there again after a restart", async () => {
    const store = new Store();
    await new PendingTransactions(store).keep([pending(7), pending(5), pending(6)]);
    const again = new PendingTransactions(store);
    await again.load();
    expect(noncesOf(again.all)).to.deep.equal([5, 6, 7]);
    expect(again.at(6)).to.equal(again.all[1]);
    expect(again.at(8)).to.equal(undefined);
  });

  it("is not written again while only the reason why a transaction waits has changed", async () => {
    const store = new Store();
    const list = new PendingTransactions(store);
    const [first, second] = [pending(5), pending(6)];
    await list.keep([first, second]);
    await list.update([first, { ...second, refusal: "the mempool is full" }]);
    expect(store.writes).to.equal(1);
    expect(list.at(6)?.refusal).to.equal("the mempool is full");
  });

  it("is written again when a transaction has left it, or was signed anew", async () => {
    const store = new Store();
    const list = new PendingTransactions(store);
    const [first, second] = [pending(5), pending(6)];
    await list.keep([first, second]);
    await list.update([first, pending(6)]);
    expect(store.writes).to.equal(2);
    await list.update([first]);
    expect(store.writes).to.equal(3);
    expect(noncesOf(store.saved)).to.deep.equal([5]);
  });
});
