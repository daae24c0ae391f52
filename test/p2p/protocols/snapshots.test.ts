import { expect } from "chai";
import { answerRequests } from "../../../p2p/protocols/answer.ts";
import {
  MAX_SNAPSHOTS,
  requestSnapshots,
  SNAPSHOTS,
  serveSnapshots,
} from "../../../p2p/protocols/snapshots.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { MemoryHost } from "../support.ts";

const manifests = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new Uint8Array(3).fill(i));

describe("snapshots protocol", () => {
  it("brings what a peer offers, and no more than the newest 16", async () => {
    for (const count of [0, 3, 20]) {
      const [alice, bob] = MemoryHost.pair();
      await serveSnapshots(bob, async () => manifests(count));
      const offered = await requestSnapshots(alice, "bob");
      expect(offered).to.deep.equal(manifests(count).slice(-MAX_SNAPSHOTS));
    }
  });

  it("reports BAD_RESPONSE for more than a peer may send", async () => {
    const [alice, bob] = MemoryHost.pair();
    await answerRequests(bob, SNAPSHOTS, async function* () {
      yield* manifests(MAX_SNAPSHOTS + 1);
    });
    await expectCodeAsync(() => requestSnapshots(alice, "bob"), "BAD_RESPONSE");
    expect(alice.reports.at(-1)?.action).to.equal("reject");
  });
});
