import { expect } from "chai";
import { Mailbox } from "../../../../node/jobs/search/mailbox.ts";
import { until } from "../../../helpers/until.ts";

/** A peer that takes messages when the test lets it. */
function peer({ fails = 0, limit = 3 } = {}) {
  const taken: number[][] = [];
  const over = new AbortController();
  let tries = 0;
  let open: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const mailbox = new Mailbox<number>(
    async (items) => {
      await gate;
      tries++;
      if (tries <= fails) throw new Error("not reached");
      taken.push([...items]);
    },
    { limit, gapMs: 1, signal: over.signal },
    { sleep: async (_, signal) => signal?.throwIfAborted() },
  );
  return { mailbox, taken, over, open: () => open?.(), tries: () => tries };
}

describe("mailbox of a peer", () => {
  it("sends one message at a time, with what came meanwhile, in order and up to a limit", async () => {
    const { mailbox, taken, open } = peer();
    mailbox.put(1);
    mailbox.put(2);
    open();
    await until(() => taken.length === 1, 5_000, "first message");
    for (const item of [3, 4, 5, 6]) mailbox.put(item);
    await until(() => taken.flat().length === 6, 5_000, "all items");
    expect(taken).deep.equal([[1, 2], [3, 4, 5], [6]]);
  });

  it("sends what is put at whatever moment after a message", async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { mailbox, taken, open } = peer();
      open();
      mailbox.put(1);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      mailbox.put(2);
      await until(() => taken.flat().length === 2, 5_000, `second item after ${turns} turns`);
    }
  });

  it("sends a message three times where the peer is not reached, and then goes on with the next", async () => {
    const { mailbox, taken, open, tries } = peer({ fails: 4 });
    for (const item of [1, 2, 3, 4]) mailbox.put(item);
    open();
    await until(() => taken.length > 0, 5_000, "message");
    expect(taken).deep.equal([[4]]);
    expect(tries()).equal(5);
  });

  it("loses the oldest of what waits for a peer that takes nothing, so that memory is bounded", async () => {
    const { mailbox, taken, open } = peer({ limit: 10_000 });
    for (let item = 0; item < 10_000; item++) mailbox.put(item);
    open();
    await until(() => taken.length > 0, 5_000, "message");
    expect(taken.flat()).length(4_096);
    expect(taken.flat().at(-1)).equal(9_999);
    expect(taken.flat()[0]).equal(10_000 - 4_096);
  });

  it("takes and sends nothing when the round is over", async () => {
    const { mailbox, taken, over, open, tries } = peer({ fails: 9 });
    mailbox.put(1);
    over.abort(new Error("the round is over"));
    open();
    mailbox.put(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(tries()).equal(0);
    expect(taken).deep.equal([]);
  });
});
