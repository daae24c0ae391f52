/**
 * Nodes that forked leave before the proofs arrive: they ask their bonds back, lose their rating, or both,
 * and their votes are gone by the time anybody is punished. Gain sought: to be charged as if they had
 * weighed nothing. A victim of theirs who was cut off brings the proofs late.
 */
import { expect } from "chai";
import { TestChain } from "../helpers/chain.ts";
import { bondsOf, convict, costBefore, nodesWithVotes, percent } from "../helpers/forkers.ts";

const FOUNDERS = 12;
const FORKED_AT = 20;

/** Everything somebody may do between the fault and its proof. */
const WAYS = ["stays", "unbonds all", "unbonds to the least", "loses its rating"] as const;
type Way = (typeof WAYS)[number];

function leave(chain: TestChain, guilty: readonly number[], way: Way): void {
  const { nodes, parameters } = chain.head.state;
  if (way === "stays") return;
  if (way === "loses its rating") {
    for (const node of guilty) nodes.set(node, { ...nodes.at(node), capacity: 0n, rating: 0n });
    return;
  }
  const kept = way === "unbonds all" ? 0n : parameters.minBond;
  const leaving = guilty.map((node) => {
    const amount = nodes.at(node).bond - kept;
    return chain.transaction(chain.personOfNode(node), "unbond", { amount });
  });
  chain.advance(...leaving);
}

/** Heights after the fault at which it is proven; the last is just before it is too old. */
const LATE = [1, 47];

describe("attack: leaving before the evidence arrives", () => {
  for (const way of WAYS) {
    it(`still costs the whole bond: ${way}`, () => {
      for (const late of LATE) {
        for (const leadHeights of [0, 18]) {
          const chain = new TestChain({
            founders: FOUNDERS,
            parameters: { unbondingBlocks: 128, evidenceBlocks: 48, weightChange: 1_000_000 },
          });
          chain.advanceTo(FORKED_AT - leadHeights - 1);
          // With a lead they still vote when they fork, since weights are frozen an epoch ahead.
          const guilty = nodesWithVotes(chain.head.state, 34);
          if (leadHeights > 0) leave(chain, guilty, way);
          chain.advanceTo(FORKED_AT);
          const voting = chain.head.state.seats.filter(({ node }) => guilty.includes(node));
          expect(voting.some(({ weight }) => weight > 0n)).to.equal(true);
          if (leadHeights === 0) leave(chain, guilty, way);
          chain.advanceTo(FORKED_AT + late - 1);
          const theirs = bondsOf(chain.head.state, guilty);
          expect(theirs).to.equal(BigInt(guilty.length) * 1_000_000_000n);
          const weights = guilty.map((node) => chain.head.state.nodes.at(node).weight);
          const before = costBefore(weights, {
            bond: 1_000_000_000n,
            total: chain.head.state.seats.reduce((sum, { weight }) => sum + weight, 0n),
            slashShare: chain.head.state.parameters.slashShare,
          });
          const lost = convict(chain, guilty, { each: 16, height: FORKED_AT });
          if (leadHeights === 0 && late === 47) {
            process.stdout.write(
              `      ${way}: ${percent(before, theirs)} of the bonds by the rule before, ${percent(lost, theirs)} now\n`,
            );
          }
          expect(lost).to.equal(theirs);
        }
      }
    });
  }

  it("a part of the votes of long ago is forgotten: an accident then costs the least share", () => {
    const chain = new TestChain({ founders: 4, parameters: { weightChange: 1_000_000 } });
    const node = 0;
    const { bond } = chain.head.state.nodes.at(node);
    leave(chain, [node], "loses its rating");
    // Two punishable pasts and the epochs between: both stretches are over.
    chain.advanceTo(200);
    expect(chain.head.state.nodes.at(node)).to.include({ voteShare: 0, voteShareBefore: 0 });
    const lost = convict(chain, [node], { each: 1, height: chain.height });
    const { slashShare } = chain.head.state.parameters;
    expect(lost).to.equal((bond * BigInt(slashShare)) / 1_000_000n);
  });
});
