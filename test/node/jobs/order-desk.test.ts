import { expect } from "chai";
import { payloadIf } from "../../../chain/types/transaction.ts";
import { OrderDesk, type OrderDeskModules } from "../../../node/jobs/order-desk.ts";
import { jobSpec } from "../../helpers/job-run.ts";

const PREPARED = { spec: jobSpec("ordered"), price: 5n, escrow: 7n, notes: [] };

/** What outlives a desk: the transactions that were sent, and the node's own values. */
function world(failing = 0) {
  const kept = new Map<string, Uint8Array>();
  const escrows: bigint[] = [];
  let failures = failing;
  const modules: OrderDeskModules<string> = {
    prepare: async () => PREPARED,
    duties: {
      send: async (payload) => {
        if (failures-- > 0) throw new Error("no room");
        const order = payloadIf("job-open", { payload });
        if (order !== undefined) escrows.push(order.escrow);
        return Uint8Array.of(escrows.length);
      },
      currentId: (id) => Uint8Array.of(...id, 9),
    },
    store: {
      own: async (name) => kept.get(name),
      putOwn: async (name, value) => void kept.set(name, value),
    },
  };
  return { escrows, desk: () => new OrderDesk<string>(modules) };
}

describe("OrderDesk", () => {
  it("opens one job for two requests of one key at once, and each for requests without", async () => {
    const { desk, escrows } = world();
    const one = desk();
    const [first, second] = await Promise.all([one.submit("a", "k"), one.submit("a", "k")]);
    expect(first).to.deep.equal({ id: Uint8Array.of(1), prepared: PREPARED });
    expect(second).to.equal(first);
    expect(escrows).to.deep.equal([7n]);
    await one.submit("a", undefined);
    await one.submit("a", undefined);
    expect(escrows).to.have.length(3);
  });

  it("remembers a key after a restart, under the present id of its order", async () => {
    const { desk, escrows } = world();
    await desk().submit("a", "k");
    const again = await desk().submit("a", "k");
    expect(again).to.deep.equal({ id: Uint8Array.of(1, 9), prepared: undefined });
    expect(escrows).to.have.length(1);
  });

  it("lets a key be tried again when its order failed", async () => {
    const { desk } = world(1);
    const one = desk();
    const failure = await one.submit("a", "k").catch((error: unknown) => error);
    expect(String(failure)).to.equal("Error: no room");
    expect((await one.submit("a", "k")).id).to.deep.equal(Uint8Array.of(1));
  });
});
