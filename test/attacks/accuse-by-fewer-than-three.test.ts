/**
 * Nodes that accuse an honest one, agree among themselves on another state and show it. Fewer than three never
 * convict, in whatever seats they are drawn; each accusation that three refute costs them reliability.
 */
import { expect } from "chai";
import { type Lie, ledgerOf, WindowRounds } from "../sim/window-rounds.ts";

const WINDOWS = 40;
const SEEDS = 5;

describe("attack: accuse by fewer than three", function () {
  this.timeout(120_000);

  for (const nodes of [4, 6, 12]) {
    for (const accusers of [1, 2]) {
      it(`${accusers} of ${nodes}: the accused keeps its bond and the accusers lose rating`, () => {
        const victim = nodes - 1;
        for (let seed = 1; seed <= SEEDS; seed++) {
          const about = (node: number): Lie | undefined =>
            node >= accusers ? "mismatch" : undefined;
          const lies = Object.fromEntries(Array.from({ length: accusers }, (_, i) => [i, about]));
          const rounds = new WindowRounds({
            nodes,
            seed,
            parameters: { workReward: 6_400_000n, verifiers: 3, segmentsPerVerifier: 4 },
            lies,
          });
          const before = { victim: ledgerOf(rounds, victim), accuser: ledgerOf(rounds, 0) };
          rounds.run(WINDOWS);
          const after = { victim: ledgerOf(rounds, victim), accuser: ledgerOf(rounds, 0) };
          if (seed === 1) process.stdout.write(`      before ${JSON.stringify(before)}\n`);
          if (seed === 1) process.stdout.write(`      after  ${JSON.stringify(after)}\n`);
          expect(after.victim.bond).to.equal(before.victim.bond);
          expect(after.victim.rating).to.be.above(0);
          // In a network of four too few are left to refute it: nobody loses anything then.
          if (nodes - accusers < 4) continue;
          expect(after.accuser.rating).to.be.below(after.victim.rating);
        }
      });
    }
  }
});
