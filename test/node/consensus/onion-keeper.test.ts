import { expect } from "chai";
import { isReveal, ONION_LENGTH } from "../../../chain/crypto/onion.ts";
import { OnionKeeper } from "../../../node/consensus/onion-keeper.ts";
import { TestChain } from "../../helpers/chain.ts";

describe("OnionKeeper", () => {
  const seed = new Uint8Array(32).fill(5);
  const record = new TestChain().head.state.nodes.at(0);
  const holding = (onion: Uint8Array, onionLeft: number): typeof record => ({
    ...record,
    onion,
    onionLeft,
  });

  it("reveals the preimage of what is on chain, down to the last", () => {
    const keeper = new OnionKeeper(seed);
    let top = keeper.top().onion;
    for (let left = ONION_LENGTH; left > ONION_LENGTH - 50; left--) {
      const reveal = keeper.reveal(holding(top, left));
      if (reveal === undefined) throw new Error("no reveal");
      expect(isReveal(reveal, top)).to.equal(true);
      top = reveal;
    }
    expect(keeper.reveal(holding(top, 0))).to.equal(undefined);
  });

  it("finds a later generation after a restart, and the one before it", () => {
    const first = new OnionKeeper(seed);
    const next = first.next(holding(first.top().onion, ONION_LENGTH));
    if (next === undefined) throw new Error("no next onion");
    const restarted = new OnionKeeper(seed);
    expect(restarted.reveal(holding(next.onion, next.onionLength))).to.not.equal(undefined);
    expect(restarted.reveal(holding(first.top().onion, ONION_LENGTH))).to.not.equal(undefined);
  });

  it("has nothing to reveal for an onion that is not its own", () => {
    const keeper = new OnionKeeper(seed);
    expect(keeper.reveal(holding(new Uint8Array(32).fill(1), 10))).to.equal(undefined);
  });
});
