import { expect } from "chai";
import { PatientRelay } from "../../../node/network/patient-relay.ts";
import { type Person, TestChain } from "../../helpers/chain.ts";

const PATIENCE_MS = 20;

/** Founder 0 as the node, with some of the others as neighbours. */
function relayWith(neighbours: number) {
  const test = new TestChain();
  const [self, ...others] = test.founders;
  if (self === undefined) throw new Error("nobody");
  let peers: readonly Person[] = others.slice(0, neighbours);
  const chain = { height: 0, state: test.head.state };
  const relay = new PatientRelay(
    {
      chain,
      publicKey: self.keys.publicKey,
      peers: () => peers.map(({ keys }) => ({ publicKey: keys.publicKey })),
    },
    PATIENCE_MS,
  );
  const lose = (): void => {
    peers = peers.slice(1);
    relay.peersChanged();
  };
  return { chain, relay, lose };
}

describe("PatientRelay", () => {
  it("passes on at once where a seat is no neighbour", async () => {
    const { chain, relay } = relayWith(2);
    const judged = relay.judge("accept");
    chain.height++;
    expect(await judged).to.equal("accept");
  });

  it("passes on late in a full mesh, while the height is open", async () => {
    const { relay } = relayWith(3);
    expect(await relay.judge("accept")).to.equal("accept");
  });

  it("passes on no messages that are useless by then", async () => {
    const { chain, relay } = relayWith(3);
    const judged = relay.judge("accept");
    chain.height++;
    expect(await judged).to.equal("ignore");
  });

  it("notices that a neighbour is gone", async () => {
    const { chain, relay, lose } = relayWith(3);
    const before = relay.judge("accept");
    lose();
    const after = relay.judge("accept");
    chain.height++;
    expect(await Promise.all([before, after])).to.deep.equal(["ignore", "accept"]);
  });

  it("does not change other verdicts, and waits for nothing once stopped", async () => {
    const { relay } = relayWith(3);
    expect(await relay.judge("reject")).to.equal("reject");
    expect(await relay.judge("ignore")).to.equal("ignore");
    const judged = relay.judge("accept");
    relay.stop();
    expect(await judged).to.equal("ignore");
  });
});
