/**
 * Verifiers that are served and say they were not, or keep silent, to lower others' ratings. They are drawn by weight
 * like anybody; a committee asks again. What they gain is what the others lose, and it costs them what a match earns.
 */
import { expect } from "chai";
import { type Lie, ledgerOf, WindowRounds } from "../sim/window-rounds.ts";

const NODES = 10;
const WINDOWS = 60;
const SEEDS = 5;
const VICTIM = 9;

function played(liars: number, lie: Lie) {
  const sum = { victim: 0, liar: 0, rating: 0, failed: 0, bond: 0, withheld: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const about = (node: number): Lie | undefined => (node >= liars ? lie : undefined);
    const rounds = new WindowRounds({
      nodes: NODES,
      seed,
      parameters: { workReward: 6_400_000n, verifiers: 3, segmentsPerVerifier: 4 },
      lies: Object.fromEntries(Array.from({ length: liars }, (_, node) => [node, about])),
    });
    const before = [ledgerOf(rounds, VICTIM), ledgerOf(rounds, 0)];
    rounds.run(WINDOWS);
    sum.victim += ledgerOf(rounds, VICTIM).balance - (before[0]?.balance ?? 0);
    sum.liar += ledgerOf(rounds, 0).balance - (before[1]?.balance ?? 0);
    const node = rounds.state.nodes.at(VICTIM);
    sum.rating += Number(node.rating);
    sum.failed += node.failed;
    sum.withheld += node.withheld;
    sum.bond += Number(node.bond);
  }
  return sum;
}

describe("attack: falsely say that a participant did not serve", function () {
  this.timeout(120_000);

  const honest = played(0, "match");

  for (const [liars, lie] of [
    [1, "not-served"],
    [2, "not-served"],
    [2, "silent"],
    [1, "mismatch"],
    [2, "mismatch"],
    [3, "not-served"],
  ] as const) {
    it(`${liars} of ${NODES} say ${lie}: no bond lost, nobody cut off, and the liars earn less`, () => {
      const outcome = played(liars, lie);
      const percent = (now: number, before: number): string =>
        `${((100 * now) / before).toFixed(1)} %`;
      process.stdout.write(
        `      victim: income ${percent(outcome.victim, honest.victim)}, rating ${percent(outcome.rating, honest.rating)}; ` +
          `liar: income ${percent(outcome.liar, honest.liar)} of what honest nodes get\n`,
      );
      expect(outcome.bond).to.equal(honest.bond);
      expect([outcome.failed, outcome.withheld]).to.deep.equal([0, 0]);
      expect(outcome.victim).to.be.at.least(0.9 * honest.victim);
      expect(outcome.rating).to.be.at.least(0.9 * honest.rating);
      expect(outcome.liar, "cost >= gain").to.be.at.most(honest.liar);
    });
  }
});
