import { expect } from "chai";
import type { Caller } from "../../../node/api/caller.ts";
import { API_LIMITS } from "../../../node/api/limits.ts";
import { Turns } from "../../../node/api/turns.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { until } from "../../helpers/until.ts";

const limits = { ...API_LIMITS, costlyAtOnce: 1, costlyWaiting: 3, costlyWaitingPerAddress: 2 };
const from = (key: string): Caller => ({ key, network: key, isOwner: false });
const OWNER: Caller = { key: "owner", network: "owner", isOwner: true };
const HERE = new AbortController().signal;

describe("Turns", () => {
  const open: (() => void)[] = [];
  const order: string[] = [];
  const slow = (name: string) => async () => {
    order.push(name);
    await new Promise<void>((resolve) => open.push(resolve));
    return name;
  };
  beforeEach(() => {
    open.length = 0;
    order.length = 0;
  });

  it("makes a limited number of answers at a time, the others in the order of their arrival", async () => {
    const turns = new Turns(limits);
    const all = [turns.use(from("a"), HERE, slow("1")), turns.use(from("a"), HERE, slow("2"))];
    all.push(turns.use(from("b"), HERE, slow("3")));
    for (let done = 1; done <= 3; done++) {
      await until(() => order.length === done, 5000, "turn");
      open.shift()?.();
      await all[done - 1];
    }
    expect(order).to.deep.equal(["1", "2", "3"]);
  });

  it("refuses an address with too many waiting requests, then all addresses, but never the owner", async () => {
    const turns = new Turns(limits);
    const all = [1, 2, 3].map((i) => turns.use(from("a"), HERE, slow(`a${i}`)));
    const refused = async (key: string): Promise<void> => {
      const error = await expectCodeAsync(
        () => turns.use(from(key), HERE, slow("x")),
        "TOO_MANY_COSTLY_REQUESTS",
      );
      expect(error.facts).to.include({ status: 429, retryAfter: 1 });
    };
    await refused("a");
    all.push(turns.use(from("b"), HERE, slow("b1")));
    await refused("c");
    const own = turns.use(OWNER, HERE, slow("own"));
    await until(() => order.includes("own"), 5000, "turn of the owner");
    for (let done = 0; done < 5; done++) {
      await until(() => open.length > 0, 5000, "turn");
      open.shift()?.();
    }
    expect(await Promise.all([...all, own])).to.have.length(5);
  });

  it("forgets peers that left, and continues after an answer that failed", async () => {
    const turns = new Turns(limits);
    const failing = turns.use(from("a"), HERE, async () => {
      await slow("1")();
      throw new Error("no");
    });
    const gone = new AbortController();
    const left = turns.use(from("a"), gone.signal, slow("2"));
    const last = turns.use(from("a"), HERE, slow("3"));
    gone.abort(new Error("gone"));
    expect(await left.catch((error: Error) => error.message)).to.equal("gone");
    open.shift()?.();
    expect(await failing.catch((error: Error) => error.message)).to.equal("no");
    await until(() => order.includes("3"), 5000, "turn");
    open.shift()?.();
    expect(await last).to.equal("3");
  });
});
