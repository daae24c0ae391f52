import { expect } from "chai";
import fc from "fast-check";
import { AdmissionOrder } from "../../../node/chain/admission-order.ts";

interface Made {
  readonly sender: string;
  readonly duty?: boolean;
  readonly fee?: bigint;
}

function orderOf(all: readonly Made[]): AdmissionOrder<number> {
  const order = new AdmissionOrder<number>();
  all.forEach(({ sender, duty = false, fee = 1n }, i) => {
    order.push(i, { sender, duty, fee });
  });
  return order;
}

function drained<T>(order: AdmissionOrder<T>): T[] {
  const taken: T[] = [];
  for (let value = order.take(); value !== undefined; value = order.take()) taken.push(value);
  return taken;
}

describe("AdmissionOrder", () => {
  it("keeps the order of arrival where all pay the same", () => {
    const order = orderOf(["a", "b", "a", "c", "b"].map((sender) => ({ sender })));
    expect(order.length).to.equal(5);
    expect(drained(order)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(order.length).to.equal(0);
  });

  it("takes duties first, and then in turn the one with the highest fee and the oldest", () => {
    const order = orderOf([
      { sender: "a" },
      { sender: "b" },
      { sender: "c", fee: 5n },
      { sender: "d", fee: 9n },
      { sender: "e", duty: true, fee: 0n },
      { sender: "f" },
    ]);
    expect(drained(order)).to.deep.equal([4, 0, 3, 1, 2, 5]);
  });

  it("takes one with a higher fee as the next but one, however many wait", () => {
    const order = orderOf(Array.from({ length: 5000 }, (_, i) => ({ sender: `flood ${i % 100}` })));
    for (let i = 0; i < 1001; i++) order.take();
    order.push(-1, { sender: "honest", duty: false, fee: 2n });
    expect([order.take(), order.take()]).to.include(-1);
  });

  it("takes one without a fee after as many others as came before it, whatever comes later", () => {
    const order = orderOf(Array.from({ length: 10 }, (_, i) => ({ sender: `s${i}` })));
    const at = 9;
    const taken: (number | undefined)[] = [];
    for (let i = 0; !taken.includes(at); i++) {
      order.push(1000 + i, { sender: `dear ${i}`, duty: false, fee: 100n });
      taken.push(order.take());
    }
    expect(taken.length).to.be.at.most(2 * (at + 1));
  });

  it("takes everything once, each sender's in order, however pushes and takes are mixed", () => {
    const step = fc.option(
      fc.record({
        sender: fc.constantFrom("a", "b", "c"),
        fee: fc.bigInt(0n, 3n),
        duty: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const order = new AdmissionOrder<number>();
        const senders: string[] = [];
        const taken: number[] = [];
        const take = (): void => {
          const value = order.take();
          if (value !== undefined) taken.push(value);
        };
        for (const one of steps) {
          if (one === null) take();
          else {
            order.push(senders.length, one);
            senders.push(one.sender);
          }
          expect(order.length).to.equal(senders.length - taken.length);
        }
        taken.push(...drained(order));
        expect(taken.toSorted((a, b) => a - b)).to.deep.equal(senders.map((_, i) => i));
        for (const sender of ["a", "b", "c"]) {
          const own = taken.filter((i) => senders[i] === sender);
          expect(own).to.deep.equal(own.toSorted((a, b) => a - b));
        }
      }),
    );
  });
});
