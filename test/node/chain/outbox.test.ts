import { expect } from "chai";
import { MempoolError } from "../../../chain/mempool/mempool-error.ts";
import { type Payload, payloadOf } from "../../../chain/types/transaction.ts";
import { Outbox } from "../../../node/chain/outbox.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { until } from "../../helpers/until.ts";

const NOBODY = new Uint8Array(20);
const numbered = (i: number): Payload =>
  payloadOf("transfer", { to: NOBODY, amount: BigInt(i + 1) });

/** A mempool that takes so many of one sender, and a chain whose blocks take all of them. */
class Room {
  height = 1;
  readonly sent: bigint[] = [];
  #waiting = 0;
  readonly outbox: Outbox;

  constructor(room: number, ordersUpTo: number) {
    this.outbox = new Outbox(
      {
        height: () => this.height,
        waiting: () => this.#waiting,
        submit: async (payload) => {
          if (this.#waiting >= room) {
            throw new MempoolError("full", { code: "SENDER_FULL", limit: room });
          }
          this.#waiting += 1;
          this.sent.push((payload.value as { amount: bigint }).amount);
          return Uint8Array.of(1);
        },
      },
      { ordersUpTo, waiting: 100 },
    );
  }

  block(): void {
    this.height += 1;
    this.#waiting = 0;
    this.outbox.drain();
  }
}

describe("Outbox", () => {
  it("sends everything in order, as much at a time as fits into a mempool", async () => {
    const room = new Room(4, 4);
    const all = Promise.all(
      Array.from({ length: 10 }, (_, i) => room.outbox.send(numbered(i), 100, true)),
    );
    await until(() => room.sent.length === 4, 5_000, "first four");
    room.block();
    await until(() => room.sent.length === 8, 5_000, "next four");
    room.block();
    await all;
    expect(room.sent).deep.equal(Array.from({ length: 10 }, (_, i) => BigInt(i + 1)));
  });

  it("lets duties pass, and keeps room for them", async () => {
    const room = new Room(4, 2);
    const orders = [0, 1, 2].map((i) => room.outbox.send(numbered(i), 100, false));
    await until(() => room.sent.length === 2, 5_000, "two orders");
    await room.outbox.send(numbered(8), 100, true);
    expect(room.sent).deep.equal([1n, 2n, 9n]);
    room.block();
    await Promise.all(orders);
  });

  it("refuses transactions that would wait too long, and too many of them", async () => {
    const room = new Room(1, 1);
    await room.outbox.send(numbered(0), 100, true);
    const late = room.outbox.send(numbered(1), 2, true);
    const others = Array.from({ length: 99 }, (_, i) => room.outbox.send(numbered(i), 2, true));
    await expectCodeAsync(() => room.outbox.send(numbered(2), 100, true), "OVERLOADED");
    room.block();
    await expectCodeAsync(() => late, "EXPIRED");
    await Promise.allSettled(others);
    expect(room.outbox.length).equal(0);
  });
});
