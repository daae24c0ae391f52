import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import type { AdmissionRank } from "../../../node/chain/admission-order.ts";
import { AdmissionQueue } from "../../../node/chain/admission-queue.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const chain = new TestChain();
const { address } = chain.client;
const LIMITS = { waiting: 100, ofClients: 0, chunk: 4 };
/** All of one sender, as dear as each other: nothing goes before another. */
const rank = (): AdmissionRank => ({ sender: "client", duty: false, fee: 1n });
const transactions = (count: number): SignedTransaction[] =>
  Array.from({ length: count }, (_, nonce) =>
    chain.transaction(chain.client, "transfer", { to: address, amount: 1n }, { nonce }),
  );

describe("AdmissionQueue", () => {
  it("answers for each in order, whichever of them is refused", async () => {
    const [a, b, c, d] = transactions(4);
    if (!(a && b && c && d)) throw new Error("not four");
    const added: SignedTransaction[] = [];
    const queue = new AdmissionQueue({
      rank,
      verify: (signed) => {
        if (signed === b) throw new Error("bad signature");
      },
      add: (signed) => {
        if (signed === c) throw new Error("no room");
        added.push(signed);
      },
      pause: nextTurn,
    });
    const [first, second] = await Promise.all([
      queue.admit([a, b, c], "client"),
      queue.admit([d], "gossip"),
    ]);
    expect(first.map((refusal) => refusal?.message)).to.deep.equal([
      undefined,
      "bad signature",
      "no room",
    ]);
    expect(second).to.deep.equal([undefined]);
    expect(added).to.deep.equal([a, d]);
    expect(queue.length).to.equal(0);
    expect(await queue.admit([], "client")).to.deep.equal([]);
  });

  it("lets the event loop turn after every chunk", async () => {
    const turns: number[] = [];
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    const queue = new AdmissionQueue(
      { rank, verify: () => {}, add: () => turns.push(turn), pause: nextTurn },
      LIMITS,
    );
    setImmediate(count);
    await queue.admit(transactions(12), "gossip");
    isOver = true;
    const perTurn = new Map<number, number>();
    for (const at of turns) perTurn.set(at, (perTurn.get(at) ?? 0) + 1);
    expect([...perTurn.values()]).to.deep.equal([4, 4, 4]);
  });

  it("refuses a batch that does not fit as a whole with OVERLOADED, and counts it", async () => {
    const added: SignedTransaction[] = [];
    const queue = new AdmissionQueue(
      { rank, verify: () => {}, add: (signed) => added.push(signed), pause: nextTurn },
      { ...LIMITS, waiting: 5, chunk: 2 },
    );
    const all = transactions(8);
    // The first chunk is worked off at once, which leaves room for two more.
    const taken = queue.admit(all.slice(0, 5), "client");
    const error = await expectCodeAsync(
      async () => queue.admit(all.slice(5, 8), "client"),
      "OVERLOADED",
    );
    expect(error.action).to.equal("ignore");
    expect(queue.refused).to.equal(3);
    const last = queue.admit(all.slice(5, 7), "client");
    expect(queue.length).to.equal(5);
    await Promise.all([taken, last]);
    expect(added).to.deep.equal(all.slice(0, 7));
    await queue.admit(all.slice(7), "client");
    expect(added).to.have.length(8);
  });

  it("keeps places that gossip cannot fill for the clients of this node", async () => {
    const queue = new AdmissionQueue(
      { rank, verify: () => {}, add: () => {}, pause: nextTurn },
      { ...LIMITS, waiting: 6, ofClients: 2, chunk: 1 },
    );
    const all = transactions(8);
    const gossiped = queue.admit(all.slice(0, 4), "gossip");
    await expectCodeAsync(async () => queue.admit(all.slice(4, 6), "gossip"), "OVERLOADED");
    const own = queue.admit(all.slice(4, 7), "client");
    await expectCodeAsync(async () => queue.admit(all.slice(7), "client"), "OVERLOADED");
    expect(await Promise.all([gossiped, own])).to.have.length(2);
  });

  it("lets one with a higher fee pass those that wait", async () => {
    const [cheap, dear] = [transactions(40), transactions(1)[0]];
    if (dear === undefined) throw new Error("none");
    const added: SignedTransaction[] = [];
    const queue = new AdmissionQueue(
      {
        rank: (signed) => ({
          sender: signed === dear ? "b" : "a",
          duty: false,
          fee: signed === dear ? 2n : 1n,
        }),
        verify: () => {},
        add: (signed) => added.push(signed),
        pause: nextTurn,
      },
      LIMITS,
    );
    await Promise.all([queue.admit(cheap, "gossip"), queue.admit([dear], "gossip")]);
    expect(added.indexOf(dear)).to.be.at.most(LIMITS.chunk + 1);
  });
});
