/** A few of the crash points (all of them: faults/crash-points.fault.ts), on real processes. */
import { dieAndReturn, dieRecovering } from "../helpers/crash-sweep.ts";
import { LocalNetwork } from "../helpers/local-network.ts";

describe("a node that dies at a crash point", function () {
  this.timeout(600_000);
  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 4, workers: 0 });
    await net.start();
  });
  after(() => net?.stop());

  it("comes back with what it signed, even when it dies again while recovering", async () => {
    const victim = net.at(3);
    try {
      await dieRecovering(net, victim, net.at(2), "precommit-journaled:2", "start-replayed");
      await dieAndReturn(net, victim, "block-written:2");
    } catch (error) {
      throw net.explained(error);
    }
  });
});
