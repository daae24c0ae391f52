import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { AdmissionQueue } from "../../../node/chain/admission-queue.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const chain = new TestChain();
const { address } = chain.client;
const transactions = (count: number): SignedTransaction[] =>
  Array.from({ length: count }, (_, nonce) =>
    chain.transaction(chain.client, "transfer", { to: address, amount: 1n }, { nonce }),
  );

describe("AdmissionQueue", () => {
  it("answers for each in order, whoever of them is refused", async () => {
    const [a, b, c, d] = transactions(4);
    if (!(a && b && c && d)) throw new Error("not four");
    const added: SignedTransaction[] = [];
    const queue = new AdmissionQueue({
      verify: (signed) => {
        if (signed === b) throw new Error("bad signature");
      },
      add: (signed) => {
        if (signed === c) throw new Error("no room");
        added.push(signed);
      },
      pause: nextTurn,
    });
    const [first, second] = await Promise.all([queue.admit([a, b, c]), queue.admit([d])]);
    expect(first.map((refusal) => refusal?.message)).to.deep.equal([
      undefined,
      "bad signature",
      "no room",
    ]);
    expect(second).to.deep.equal([undefined]);
    expect(added).to.deep.equal([a, d]);
    expect(queue.length).to.equal(0);
    expect(await queue.admit([])).to.deep.equal([]);
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
      { verify: () => {}, add: () => turns.push(turn), pause: nextTurn },
      { waiting: 100, chunk: 4 },
    );
    setImmediate(count);
    await queue.admit(transactions(12));
    isOver = true;
    const perTurn = new Map<number, number>();
    for (const at of turns) perTurn.set(at, (perTurn.get(at) ?? 0) + 1);
    expect([...perTurn.values()]).to.deep.equal([4, 4, 4]);
  });

  it("refuses OVERLOADED what does not fit, all of it, and counts it", async () => {
    const added: SignedTransaction[] = [];
    const queue = new AdmissionQueue(
      { verify: () => {}, add: (signed) => added.push(signed), pause: nextTurn },
      { waiting: 5, chunk: 2 },
    );
    const all = transactions(8);
    // The first chunk is worked off at once, which leaves room for two more.
    const taken = queue.admit(all.slice(0, 5));
    const error = await expectCodeAsync(async () => queue.admit(all.slice(5, 8)), "OVERLOADED");
    expect(error.action).to.equal("ignore");
    expect(queue.refused).to.equal(3);
    const last = queue.admit(all.slice(5, 7));
    expect(queue.length).to.equal(5);
    await Promise.all([taken, last]);
    expect(added).to.deep.equal(all.slice(0, 7));
    await queue.admit(all.slice(7));
    expect(added).to.have.length(8);
  });
});
