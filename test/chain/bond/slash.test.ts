import { expect } from "chai";
import { factorsOf } from "../../../chain/rating/formula.ts";
import { RATING_CAUSES, RATING_FAULTS } from "../../../chain/types/node.ts";
import { type Person, TestChain } from "../../helpers/chain.ts";
import { doubleClaim, doubleProposal, doubleVote } from "../../helpers/evidence.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";
import { claimOf, firstWindow } from "../../helpers/window-run.ts";

const MILLION = 1_000_000n;

function punish(chain: TestChain, ...evidence: ReturnType<typeof doubleVote>[]) {
  const block = chain.build([], 0, 1_000_000, evidence);
  chain.take(block);
  return block;
}

describe("slashing", () => {
  it("takes its share of the bond once, pays the proposer of the proof and burns the rest", () => {
    // Six founders: the guilty one weighs less than a third.
    const chain = new TestChain({ founders: 6 });
    const [guilty = chain.client] = chain.founders;
    const { bond, rating } = chain.head.state.nodes.at(0);
    const block = punish(chain, doubleVote(chain, guilty), doubleProposal(chain, guilty));
    expect(block.body.evidence).to.have.length(1);
    const { state } = chain.head;
    const { slashShare, evidenceReward } = state.parameters;
    const lost = (bond * BigInt(slashShare)) / MILLION;
    const reward = (lost * BigInt(evidenceReward)) / MILLION;
    const node = state.nodes.at(0);
    expect(node).to.include({ bond: bond - lost, rating: 0n, weight: 0n, slashedAt: 1 });
    expect(state.meta.burned).to.equal(lost - reward);
    expect(block.body.ratingChanges).to.deep.equal([
      {
        node: 0,
        cause: RATING_CAUSES.indexOf("slash"),
        fault: RATING_FAULTS.indexOf("none"),
        window: 0,
        segments: 0,
        factors: factorsOf(node, state.meta.time, state.parameters),
        before: rating,
        after: 0n,
      },
    ]);
    expect(punish(chain, doubleVote(chain, guilty, 1)).body.evidence).to.have.length(0);
    expect(chain.head.state.nodes.at(0).bond).to.equal(bond - lost);
  });

  it("reaches money that is on its way out", () => {
    const chain = new TestChain({ founders: 6 });
    const [guilty = chain.client] = chain.founders;
    const { bond } = chain.head.state.nodes.at(0);
    chain.advance(chain.transaction(guilty, "unbond", { amount: bond }));
    punish(chain, doubleVote(chain, guilty));
    const [entry] = chain.head.state.unbondings;
    const share = BigInt(chain.head.state.parameters.slashShare);
    expect(entry?.amount).to.equal(bond - (bond * share) / MILLION);
  });

  it("takes everything when more than a third of the weight was at fault", () => {
    const chain = new TestChain();
    const [a, b] = chain.founders as [Person, Person];
    const before = [0, 1].map((node) => chain.head.state.nodes.at(node).bond);
    punish(chain, doubleVote(chain, a));
    punish(chain, doubleVote(chain, b));
    const share = BigInt(chain.head.state.parameters.slashShare);
    const first = before[0] ?? 0n;
    expect(chain.head.state.nodes.at(0).bond).to.equal(first - (first * share) / MILLION);
    expect(chain.head.state.nodes.at(1).bond).to.equal(0n);
  });

  it("puts the node out: no seat, no claim, no bond, but the rest of its money back", () => {
    const chain = new TestChain();
    const [guilty = chain.client] = chain.founders;
    punish(chain, doubleVote(chain, guilty));
    const { epochBlocks } = chain.head.state.parameters;
    expectRefused(chain, chain.transaction(guilty, "bond", { amount: 5n }), "SLASHED");
    const { claimsUntil, closes } = firstWindow(chain);
    chain.advanceTo(closes);
    const work = claimOf(chain, guilty, 1);
    expectRefused(chain, chain.transaction(guilty, "window-commit", work), "SLASHED");
    chain.advanceTo(claimsUntil);
    chain.advanceTo(3 * epochBlocks);
    expect(chain.head.state.seats.map(({ node }) => node)).to.deep.equal([1, 2, 3]);
    const { bond } = chain.head.state.nodes.at(0);
    chain.advance(chain.transaction(guilty, "unbond", { amount: bond }));
  });

  it("punishes two claims of one window", () => {
    const chain = new TestChain();
    const [guilty = chain.client] = chain.founders;
    chain.advanceTo(firstWindow(chain).claimsUntil);
    expect(punish(chain, doubleClaim(chain, guilty)).body.evidence).to.have.length(1);
    expect(chain.head.state.nodes.at(0).slashedAt).to.equal(chain.height);
  });
});
