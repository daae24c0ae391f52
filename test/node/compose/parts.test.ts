import { expect } from "chai";
import { buildOn, type Part, Parts } from "../../../node/compose/parts.ts";

const SILENT = { error: () => {} };

/** Parts that note what is done to them; those named in `failing` throw. */
function noted(names: readonly string[], failing: readonly string[] = []) {
  const done: string[] = [];
  const act = (what: string): void => {
    done.push(what);
    if (failing.includes(what)) throw new Error(what);
  };
  const list = names.map(
    (name): Part => ({
      name,
      start: async () => act(`start ${name}`),
      stop: async () => act(`stop ${name}`),
    }),
  );
  return { parts: new Parts(list, SILENT), done };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("parts of a node", () => {
  it("start in order and stop in reverse, once", async () => {
    const { parts, done } = noted(["a", "b", "c"]);
    await parts.start();
    await Promise.all([parts.stop(), parts.stop()]);
    expect(done).to.deep.equal(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
  });

  it("are stopped before `start` gives the error of one that cannot start", async () => {
    const { parts, done } = noted(["a", "b", "c"], ["start b"]);
    expect(String(await failureOf(parts.start()))).to.equal("Error: start b");
    expect(done).to.deep.equal(["start a", "start b", "stop c", "stop b", "stop a"]);
    await parts.stop();
    expect(done).to.have.length(5);
  });

  it("are all stopped although one fails to stop, and its error is reported", async () => {
    const { parts, done } = noted(["a", "b", "c"], ["stop b"]);
    await parts.start();
    expect(String(await failureOf(parts.stop()))).to.equal("Error: stop b");
    expect(done.slice(3)).to.deep.equal(["stop c", "stop b", "stop a"]);
  });

  it("that are told to stop while they start finish one start, begin no other, and stop", async () => {
    const { promise, resolve } = gate();
    const done: string[] = [];
    const parts = new Parts(
      [
        { name: "slow", start: () => promise, stop: () => void done.push("stop slow") },
        { name: "next", start: () => void done.push("start next") },
      ],
      SILENT,
    );
    const starting = failureOf(parts.start());
    const stopping = parts.stop();
    expect(done).to.deep.equal([]);
    resolve();
    await stopping;
    expect(await starting).to.include({ code: "STOPPED" });
    expect(done).to.deep.equal(["stop slow"]);
  });
});

describe("something built on what is open", () => {
  it("is closed if the building fails, and stays open otherwise", async () => {
    let closed = 0;
    const opened = { stop: async () => void closed++ };
    expect(await buildOn(opened, async () => 7)).to.equal(7);
    expect(closed).to.equal(0);
    const broken = buildOn(opened, async () => {
      throw new Error("no");
    });
    expect(String(await failureOf(broken))).to.equal("Error: no");
    expect(closed).to.equal(1);
  });
});

function gate(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
