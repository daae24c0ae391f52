import { expect } from "chai";
import { answerRequests } from "../../../p2p/protocols/answer.ts";
import { exchangeStatus, STATUS, type Status, serveStatus } from "../../../p2p/protocols/status.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { MemoryHost } from "../support.ts";

const status = (height: number, genesis = 1): Status => ({
  version: 1,
  genesisHash: new Uint8Array(32).fill(genesis),
  height,
  headHash: new Uint8Array(32).fill(height & 0xff),
  lowest: 1,
});

describe("status protocol", () => {
  it("tells each side the other's status", async () => {
    const [alice, bob] = MemoryHost.pair();
    const heard: [string, Status][] = [];
    await serveStatus(bob, {
      status: () => status(2 ** 40),
      onStatus: (peer, theirs) => heard.push([peer, theirs]),
    });
    expect(await exchangeStatus(alice, "bob", status(7))).to.deep.equal(status(2 ** 40));
    expect(heard).to.deep.equal([["alice", status(7)]]);
  });

  it("reports WRONG_NETWORK for another genesis", async () => {
    const [alice, bob] = MemoryHost.pair();
    await serveStatus(bob, { status: () => status(1, 2) });
    await expectCodeAsync(() => exchangeStatus(alice, "bob", status(1)), "WRONG_NETWORK");
    expect(alice.reports).to.deep.equal([{ peer: "bob", code: "WRONG_NETWORK", action: "reject" }]);
  });

  it("reports BAD_RESPONSE for other bytes", async () => {
    for (const bytes of [new Uint8Array(81), new Uint8Array(82).fill(0xff)]) {
      const [alice, bob] = MemoryHost.pair();
      await answerRequests(bob, STATUS, async function* () {
        yield bytes;
      });
      await expectCodeAsync(() => exchangeStatus(alice, "bob", status(1)), "BAD_RESPONSE");
      expect(alice.reports[0]?.action).to.equal("reject");
    }
  });
});
