import { expect } from "chai";
import { Asking, type Turn } from "../../../p2p/protocols/asking.ts";
import type { Protocol } from "../../../p2p/protocols/protocol.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const PROTOCOL: Protocol = {
  name: "echo",
  maxRequestBytes: 16,
  maxFrameBytes: 100,
  maxResponseBytes: 250,
  stepMs: 1000,
  totalMs: 2000,
  maxConcurrent: 4,
  rate: { burst: 1000, perSecond: 1000 },
};

const turn = (changes: Partial<Turn> = {}): Turn => ({
  peer: "bob",
  protocol: PROTOCOL,
  use: "jobs",
  urgent: false,
  signal: new AbortController().signal,
  ...changes,
});

const askers: Asker[] = [];

/** Asks for turns and notes the order in which they come. */
class Asker {
  readonly asking: Asking;
  readonly begun: string[] = [];
  readonly #free: (() => void)[] = [];
  readonly #over = new AbortController();

  constructor(asking = new Asking(() => performance.now())) {
    this.asking = asking;
    askers.push(this);
  }

  async ask(name: string, changes: Partial<Turn> = {}): Promise<void> {
    try {
      const free = await this.asking.turn(turn({ signal: this.#over.signal, ...changes }));
      this.begun.push(name);
      this.#free.push(free);
    } catch (error) {
      if (!this.#over.signal.aborted) throw error;
    }
  }

  /** Nobody waits any more. */
  leave(): void {
    this.#over.abort();
  }

  /** Ends the request that has been under way longest. */
  async end(): Promise<void> {
    this.#free.shift()?.();
    await settled();
  }
}

/** All that can happen now has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Asking", () => {
  afterEach(() => {
    for (const asker of askers.splice(0)) asker.leave();
  });

  it("has no more requests under way with a peer than the protocol allows, and counts each peer separately", async () => {
    const asker = new Asker();
    for (const name of ["a", "b", "c", "d", "e"]) void asker.ask(name);
    for (const name of ["x", "y"]) void asker.ask(name, { use: "audits" });
    void asker.ask("other", { peer: "carol" });
    await settled();
    expect(asker.begun).to.have.members(["a", "b", "c", "x", "other"]);
    await asker.end();
    expect(asker.begun).to.have.length(6);
    expect(asker.asking.waiting).to.equal(2);
  });

  it("gives uses of one protocol their turns, however many wait for the other", async () => {
    const asker = new Asker();
    for (let i = 0; i < 100; i++) void asker.ask("blob");
    void asker.ask("snapshot", { use: "snapshots" });
    void asker.ask("snapshot", { use: "snapshots" });
    await settled();
    await asker.end();
    await asker.end();
    expect(asker.begun.filter((name) => name === "snapshot")).to.have.length(2);
  });

  it("lets consensus pass, to places of its own and then to the head of the line", async () => {
    const asker = new Asker();
    for (let i = 0; i < 100; i++) void asker.ask("blob");
    for (const name of ["u1", "u2", "u3", "u4"]) {
      void asker.ask(name, { use: "consensus", urgent: true });
    }
    await settled();
    expect(asker.begun).to.deep.equal(["blob", "blob", "blob", "u1", "u2", "u3"]);
    await asker.end();
    expect(asker.begun.at(-1)).to.equal("u4");
  });

  it("keeps to the rate, and goes on by itself when there is room", async () => {
    let now = 0;
    const asker = new Asker(new Asking(() => now));
    const protocol = { ...PROTOCOL, maxConcurrent: 10, rate: { burst: 2, perSecond: 100 } };
    const all = Promise.all(["a", "b", "c"].map((name) => asker.ask(name, { protocol })));
    await settled();
    expect(asker.begun).to.deep.equal(["a", "b"]);
    now = 10;
    await all;
    expect(asker.begun).to.deep.equal(["a", "b", "c"]);
  });

  it("says BUSY at once when too many wait, and after the longest wait; nobody is blamed", async () => {
    const asking = new Asking(() => performance.now(), { waiting: 1, waitMs: 20 });
    const asker = new Asker(asking);
    await Promise.all([asker.ask("a"), asker.ask("b"), asker.ask("c")]);
    const late = asking.turn(turn());
    const error = await expectCodeAsync(() => asking.turn(turn()), "BUSY");
    expect(error.action).to.equal("local");
    await expectCodeAsync(() => late, "BUSY");
    expect(asking.waiting).to.equal(0);
  });

  it("forgets a request that is cancelled while it waits", async () => {
    const asker = new Asker();
    await Promise.all([asker.ask("a"), asker.ask("b"), asker.ask("c")]);
    const control = new AbortController();
    const cancelled = asker.asking.turn(turn({ signal: control.signal }));
    void asker.ask("d");
    control.abort(new Error("not wanted"));
    const reason = await cancelled.then(
      () => "none",
      (error: Error) => error.message,
    );
    expect(reason).to.equal("not wanted");
    await asker.end();
    expect(asker.begun).to.deep.equal(["a", "b", "c", "d"]);
    expect(asker.asking.waiting).to.equal(0);
  });
});
