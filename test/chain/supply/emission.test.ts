import { expect } from "chai";
import { addressOf } from "../../../chain/crypto/address.ts";
import { supplyOf } from "../../../chain/supply/supply.ts";
import { TestChain } from "../../helpers/chain.ts";
import { asIfSteady, claim, firstWindow, judgeAll } from "../../helpers/window-run.ts";

describe("emission", () => {
  it("pays the proposer of every block, up to the limit", () => {
    const chain = new TestChain({ parameters: { blockReward: 1000n, emissionLimit: 2500n } });
    const { header } = chain.advance();
    const proposer = addressOf(header.proposer);
    expect(chain.head.state.account(proposer).balance % 1_000_000n).to.equal(1000n);
    chain.advanceTo(5);
    expect(supplyOf(chain.head.state).emitted).to.equal(2500n);
  });

  it("keeps the work reward until a window is verified, then divides it by verified work", () => {
    // What verifying earns is in test/attacks/silence-in-windows.test.ts.
    const chain = new TestChain({ parameters: { workReward: 16_000n, auditShare: 0 } });
    const { epochBlocks } = chain.head.state.parameters;
    const { closes, checksDrawn, verdictsUntil } = firstWindow(chain);
    const [a = chain.client, b = chain.client] = chain.founders;
    asIfSteady(chain);
    chain.advanceTo(closes);
    chain.advance(claim(chain, a, 30), claim(chain, b, 10));
    chain.advanceTo(checksDrawn);
    expect(chain.head.state.meta.workPot).to.equal(chain.height >= epochBlocks - 1 ? 16_000n : 0n);
    const balances = () => [a, b].map(({ address }) => chain.head.state.account(address).balance);
    const before = balances();
    judgeAll(chain, () => "match");
    expect(chain.height).to.be.at.most(verdictsUntil);
    const [gainA = 0n, gainB = 0n] = balances().map((after, i) => after - (before[i] ?? 0n));
    // Divided by measured capacity, which is rounded down, as are the shares: dust stays behind.
    expect(Number(gainA)).to.be.closeTo(12_000, 1);
    expect(Number(gainB)).to.be.closeTo(4_000, 1);
    expect(chain.head.state.meta.workPot).to.equal(16_000n - gainA - gainB);
  });

  it("pays nobody whose work was not verified", () => {
    const chain = new TestChain({ parameters: { workReward: 16_000n } });
    chain.advanceTo(firstWindow(chain).verdictsUntil + 20);
    const { meta } = chain.head.state;
    expect(meta.workPot).to.equal(meta.emitted);
    expect(meta.workPot > 0n).to.equal(true);
  });
});
