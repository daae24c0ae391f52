import { expect } from "chai";
import { RightOfWay } from "../../../node/chain/right-of-way.ts";

/** Work that ends when it is told to. */
function held(): { readonly work: Promise<void>; end(): void } {
  let end = (): void => {};
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work, end };
}

describe("RightOfWay", () => {
  it("lets go at once when nothing urgent is under way", async () => {
    await new RightOfWay().giveWay();
  });

  it("makes others wait for all that is urgent, failures too", async () => {
    const way = new RightOfWay();
    const [first, second] = [held(), held()];
    const failing = way.urgent(async () => {
      await first.work;
      throw Object.assign(new Error("bad vote"), { code: "BAD" });
    });
    const working = way.urgent(() => second.work);
    const order: string[] = [];
    const waiting = way.giveWay().then(() => order.push("waited"));
    first.end();
    await failing.catch(() => order.push("failed"));
    order.push("still urgent");
    second.end();
    await Promise.all([working.then(() => order.push("done")), waiting]);
    expect(order).to.deep.equal(["failed", "still urgent", "done", "waited"]);
    expect(await way.urgent(async () => 7)).to.equal(7);
  });

  it("lets nobody wait for ever", async () => {
    const way = new RightOfWay();
    const never = held();
    const stuck = way.urgent(() => never.work);
    await way.giveWay();
    never.end();
    await stuck;
  });
});
