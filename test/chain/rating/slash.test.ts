import { expect } from "chai";
import { factorsOf } from "../../../chain/rating/formula.ts";
import { RATING_CAUSES, RATING_FAULTS } from "../../../chain/types/node.ts";
import { votingWeight } from "../../../chain/weight/weight.ts";
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

function supplyHolds(chain: TestChain): boolean {
  return chain.supply() === new TestChain({ founders: chain.founders.length }).supply();
}

describe("slashing", () => {
  it("takes its share of the bond once, pays the proposer of the proof and burns the rest", () => {
    // Forty founders: three times what the guilty one votes with is below the least share.
    const chain = new TestChain({ founders: 40 });
    const [guilty = chain.client] = chain.founders;
    const { bond, rating, voteShare } = chain.head.state.nodes.at(0);
    expect(3 * voteShare).to.be.below(chain.head.state.parameters.slashShare);
    const block = punish(chain, doubleVote(chain, guilty), doubleProposal(chain, guilty));
    expect(block.body.evidence).to.have.length(1);
    const { state } = chain.head;
    const { slashShare, evidenceReward } = state.parameters;
    const lost = (bond * BigInt(slashShare)) / MILLION;
    const reward = (lost * BigInt(evidenceReward)) / MILLION;
    const node = state.nodes.at(0);
    expect(node).to.include({ bond: bond - lost, rating: 0n, slashedAt: 1 });
    expect(votingWeight(state, 0)).to.equal(0n);
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

  it("takes three times the part of the votes, also from bonds that are being withdrawn, which then stay longer", () => {
    const chain = new TestChain({ founders: 6 });
    const [guilty = chain.client] = chain.founders;
    const { bond, voteShare } = chain.head.state.nodes.at(0);
    chain.advance(chain.transaction(guilty, "unbond", { amount: bond }));
    const [{ freeAtHeight } = { freeAtHeight: 0 }] = chain.head.state.unbondings;
    chain.advanceTo(chain.height + 5);
    punish(chain, doubleVote(chain, guilty));
    const [entry] = chain.head.state.unbondings;
    expect(entry?.amount).to.equal(bond - (bond * 3n * BigInt(voteShare)) / MILLION);
    expect(entry?.freeAtHeight).to.equal(freeAtHeight + 6);
  });

  it("charges those slashed before for the faults of others, whatever the order, and a part only once", () => {
    const [forwards, backwards] = [
      [0, 1, 2],
      [2, 1, 0],
    ].map((order) => {
      const chain = new TestChain({ founders: 12 });
      for (const node of order) punish(chain, doubleVote(chain, chain.founders[node] as Person));
      const shares = order.reduce((sum, node) => {
        return sum + chain.head.state.nodes.at(node).slashedShare;
      }, 0);
      const left = [0, 1, 2].map((node) => chain.head.state.nodes.at(node).bond);
      for (const bond of left) {
        // Each charge rounds down once.
        const exact = 1_000n * MILLION - 1_000n * 3n * BigInt(shares);
        expect(Number(bond - exact)).to.be.within(0, 3);
      }
      expect(supplyHolds(chain)).to.equal(true);
      return left;
    });
    forwards?.forEach((bond, i) => {
      expect(Number(bond - (backwards?.[i] ?? 0n))).to.be.within(-3, 3);
    });
  });

  it("takes everything when more than a third of the votes was at fault, from the first too", () => {
    const chain = new TestChain();
    const [a, b] = chain.founders as [Person, Person];
    punish(chain, doubleVote(chain, a));
    expect(chain.head.state.nodes.at(0).bond > 0n).to.equal(true);
    punish(chain, doubleVote(chain, b));
    for (const node of [0, 1]) {
      expect(chain.head.state.nodes.at(node)).to.include({ bond: 0n, slashedPart: 1_000_000 });
    }
  });

  it("forgets the faults of others that are past being punished", () => {
    const chain = new TestChain();
    const [a, b] = chain.founders as [Person, Person];
    punish(chain, doubleVote(chain, a));
    const { bond } = chain.head.state.nodes.at(0);
    chain.advanceTo(chain.height + 80);
    punish(chain, doubleVote(chain, b));
    expect(chain.head.state.nodes.at(0).bond).to.equal(bond);
    expect(chain.head.state.nodes.at(1).bond > 0n).to.equal(true);
  });

  it("puts the node out: no seat, no claim, no bond, but the rest of its money back", () => {
    const chain = new TestChain();
    const [guilty = chain.client] = chain.founders;
    punish(chain, doubleVote(chain, guilty));
    const { epochBlocks } = chain.head.state.parameters;
    expectRefused(chain, chain.transaction(guilty, "bond", { amount: 5n }), "SLASHED");
    const { checksDrawn, closes } = firstWindow(chain);
    chain.advanceTo(closes);
    const work = claimOf(chain, guilty, 1);
    expectRefused(chain, chain.transaction(guilty, "window-commit", work), "SLASHED");
    chain.advanceTo(checksDrawn);
    chain.advanceTo(3 * epochBlocks);
    expect(chain.head.state.seats.map(({ node }) => node)).to.deep.equal([1, 2, 3]);
    const { bond } = chain.head.state.nodes.at(0);
    chain.advanceTo(80);
    chain.advance(chain.transaction(guilty, "unbond", { amount: bond }));
  });

  it("holds what is left of the bond while others' faults can be charged to it", () => {
    const chain = new TestChain();
    const [guilty = chain.client] = chain.founders;
    punish(chain, doubleVote(chain, guilty));
    chain.advanceTo(chain.height + chain.head.state.parameters.evidenceBlocks - 1);
    expectRefused(chain, chain.transaction(guilty, "unbond", { amount: 1n }), "SLASHED");
  });

  it("punishes two claims of one window", () => {
    const chain = new TestChain();
    const [guilty = chain.client] = chain.founders;
    chain.advanceTo(firstWindow(chain).checksDrawn);
    expect(punish(chain, doubleClaim(chain, guilty)).body.evidence).to.have.length(1);
    expect(chain.head.state.nodes.at(0).slashedAt).to.equal(chain.height);
  });
});
