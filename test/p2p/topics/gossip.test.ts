import { expect } from "chai";
import { DecodeError, PomlError } from "../../../chain/errors.ts";
import { SILENT } from "../../../p2p/log.ts";
import { checkPublishable, TopicGate, type TopicHandler } from "../../../p2p/topics/gossip.ts";
import { TOPICS } from "../../../p2p/topics/topics.ts";
import { expectCode } from "../../helpers/expect-code.ts";

function gateFor(handler: TopicHandler): { gate: TopicGate; blamed: string[] } {
  const blamed: string[] = [];
  const gate = new TopicGate("votes", handler, {
    log: SILENT,
    now: () => 0,
    report: (_, error) => {
      if (error instanceof PomlError && error.action !== "local") blamed.push(error.code);
    },
  });
  return { gate, blamed };
}

const MESSAGE = Uint8Array.of(1);

describe("TopicGate", () => {
  it("passes on what the handler accepts or ignores, and blames nobody", async () => {
    for (const verdict of ["accept", "ignore"] as const) {
      const { gate, blamed } = gateFor(() => verdict);
      expect(await gate.judge(MESSAGE, "p")).to.equal(verdict);
      expect(blamed).to.deep.equal([]);
    }
  });

  it("blames the neighbour for what the handler rejects or refuses", async () => {
    const rejecting = gateFor(() => "reject");
    expect(await rejecting.gate.judge(MESSAGE, "p")).to.equal("reject");
    expect(rejecting.blamed).to.deep.equal(["BAD_MESSAGE"]);
    const throwing = gateFor(() => {
      throw new DecodeError("vote", "odd");
    });
    expect(await throwing.gate.judge(MESSAGE, "p")).to.equal("reject");
    expect(throwing.blamed).to.deep.equal(["DECODE"]);
  });

  it("blames nobody when our own handler breaks", async () => {
    const { gate, blamed } = gateFor(() => {
      throw new TypeError("a bug of ours");
    });
    expect(await gate.judge(MESSAGE, "p")).to.equal("ignore");
    expect(blamed).to.deep.equal([]);
  });

  it("rejects oversize and empty messages without calling the handler", async () => {
    const { gate, blamed } = gateFor((): never => expect.fail("was called"));
    expect(await gate.judge(new Uint8Array(TOPICS.votes.maxBytes + 1), "p")).to.equal("reject");
    expect(await gate.judge(new Uint8Array(0), "p")).to.equal("reject");
    expect(blamed).to.deep.equal(["MESSAGE_TOO_LARGE", "BAD_MESSAGE"]);
  });

  it("ignores and blames a neighbour past its rate, and only that one", async () => {
    const { gate, blamed } = gateFor(() => "accept");
    for (let i = 0; i < TOPICS.votes.rate.burst; i++) await gate.judge(MESSAGE, "p");
    expect(await gate.judge(MESSAGE, "p")).to.equal("ignore");
    expect(blamed).to.deep.equal(["RATE_LIMITED"]);
    expect(await gate.judge(MESSAGE, "q")).to.equal("accept");
  });

  it("drops messages while too many are being handled", async () => {
    let release = (): void => {};
    const gatekeeper = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { gate, blamed } = gateFor(() => gatekeeper.then(() => "accept" as const));
    const pending = Array.from({ length: TOPICS.votes.maxPending }, (_, i) =>
      gate.judge(MESSAGE, `p${i}`),
    );
    expect(await gate.judge(MESSAGE, "late")).to.equal("ignore");
    expect(blamed).to.deep.equal([]);
    release();
    expect(new Set(await Promise.all(pending))).to.deep.equal(new Set(["accept"]));
    expect(await gate.judge(MESSAGE, "late")).to.equal("accept");
  });

  it("refuses to publish too much, as our own fault", () => {
    const error = expectCode(
      () => checkPublishable("votes", new Uint8Array(5000)),
      "MESSAGE_TOO_LARGE",
    );
    expect(error.action).to.equal("local");
  });
});
