/**
 * More than a third, a half, two thirds of the votes sign two blocks of one height. Gain sought: a fork
 * for less than the bonds that stand behind it, by the order and the blocks in which the proofs arrive.
 */
import { expect } from "chai";
import { totalWeight, votingWeight } from "../../chain/weight/weight.ts";
import { TestChain } from "../helpers/chain.ts";
import { bondsOf, convict, costBefore, nodesWithVotes, percent } from "../helpers/forkers.ts";

const FOUNDERS = 30;
const ORDERS = {
  "as they come": (nodes: readonly number[]) => [...nodes],
  "the last first": (nodes: readonly number[]) => [...nodes].reverse(),
} as const;
const EACH = [1, 16];

describe("attack: a fork by a part of the votes", () => {
  for (const part of [34, 50, 67]) {
    it(`costs ${part} % of the votes all of their bonds, in whatever order it is proven`, () => {
      for (const [name, order] of Object.entries(ORDERS)) {
        for (const each of EACH) {
          const chain = new TestChain({ founders: FOUNDERS });
          const { seats, parameters, nodes } = chain.head.state;
          const guilty = order(nodesWithVotes(chain.head.state, part));
          const honest = seats.map(({ node }) => node).filter((node) => !guilty.includes(node));
          const [theirs, others] = [guilty, honest].map((of) => bondsOf(chain.head.state, of)) as [
            bigint,
            bigint,
          ];
          const before = costBefore(
            guilty.map((node) => seats.find((seat) => seat.node === node)?.weight ?? 0n),
            {
              bond: nodes.at(0).bond,
              total: totalWeight(seats),
              slashShare: parameters.slashShare,
            },
          );
          const lost = convict(chain, guilty, { each, height: 1 });
          expect(lost).to.equal(theirs);
          expect(bondsOf(chain.head.state, honest)).to.equal(others);
          for (const node of guilty) {
            expect(chain.head.state.nodes.at(node)).to.include({ rating: 0n });
            expect(votingWeight(chain.head.state, node)).to.equal(0n);
          }
          process.stdout.write(
            `      ${part} %, ${name}, ${each} a block: lost ${percent(before, theirs)} of the bonds by the rule before, ${percent(lost, theirs)} now; the honest 0.0 %\n`,
          );
        }
      }
    });
  }

  it("costs less than all where no fork was possible, in proportion to the votes", () => {
    for (const part of [5, 10, 20, 30]) {
      const chain = new TestChain({ founders: FOUNDERS });
      const guilty = nodesWithVotes(chain.head.state, part);
      const theirs = bondsOf(chain.head.state, guilty);
      const lost = convict(chain, guilty, { each: 16, height: 1 });
      process.stdout.write(
        `      ${part} %: lost ${percent(lost, theirs)} of the bonds, and the votes\n`,
      );
      expect(lost >= (theirs * BigInt(3 * part)) / 100n).to.equal(true);
      expect(lost < theirs).to.equal(true);
    }
  });
});
