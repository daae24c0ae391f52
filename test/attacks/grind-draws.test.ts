/**
 * A proposer knows the mix of its block before it builds it, and an owner of several turns in a row knows more. It
 * moves bonds, lets nodes leave, holds orders back, tries their ids and withholds reveals until its own nodes are
 * drawn to verify, audit, lead, judge and propose. `npm run bench -- draw` gives the figures with small errors.
 */
import { expect } from "chai";
import { applyBlock } from "../../chain/apply-block.ts";
import type { Block } from "../../chain/types/block.ts";
import { TestChain } from "../helpers/chain.ts";
import { claim, firstWindow } from "../helpers/window-run.ts";
import { type Drawn, grindDraws, PLACES } from "../sim/draw-grinder.ts";

const DRAWS = 40;
const SHARES = [5, 10, 20, 33] as const;
const KINDS = Object.keys(PLACES) as Drawn[];
const base = { seed: 5, draws: DRAWS, withholds: false, frozen: true, delay: 32 };

/** Standard errors that are no chance, in so many comparisons. */
const SURE = 4;
const errorOf = (percent: number, places: number): number =>
  Math.sqrt((percent * (100 - percent)) / places) / 100;

function report(percent: number, name: string, { shares, orders, paid, weight }: Outcome): void {
  const told = KINDS.map((kind) => `${kind} ${(100 * shares[kind]).toFixed(1)}`).join(", ");
  const costs = `paid ${paid.toFixed(0)} block rewards, weight at the end ${(100 * weight).toFixed(1)} %`;
  process.stdout.write(
    `      ${percent} % ${name}: ${told}, teams of own orders ${(100 * orders).toFixed(1)} %; ${costs}\n`,
  );
}
type Outcome = ReturnType<typeof grindDraws>;

describe("attack: grind draws", function () {
  this.timeout(240_000);

  for (const percent of SHARES) {
    it(`${percent} % of the weight gets its share by bonds, leaving, timing and ids`, () => {
      const outcome = grindDraws({ ...base, percent });
      report(percent, "without skipping", outcome);
      for (const kind of KINDS) {
        const error = errorOf(percent, DRAWS * PLACES[kind]);
        expect(outcome.shares[kind], kind).to.be.closeTo(percent / 100, SURE * error);
      }
      expect(outcome.orders).to.be.closeTo(percent / 100, SURE * errorOf(percent, DRAWS * 3));
      expect(outcome.paid).to.equal(0);
    });

    it(`${percent} % pays more for what skipping turns adds than it is worth in blocks`, () => {
      const outcome = grindDraws({ ...base, percent, withholds: true });
      report(percent, "skipping at any price", outcome);
      const part = percent / 100;
      let gained = 0;
      let places = 0;
      for (const kind of KINDS) {
        const drawn = DRAWS * PLACES[kind];
        // No event can be made more likely than by all mixes it can choose among.
        const most = (part * (1 - part)) / (1 - 2 * part);
        expect(outcome.shares[kind], kind).to.be.below(most + SURE * errorOf(percent, drawn));
        gained += (outcome.shares[kind] - part) * drawn;
        places += drawn;
      }
      // Each place more costs more than the reward of a block, beyond what chance gives.
      expect(outcome.paid).to.be.above(gained - SURE * errorOf(percent, places) * places);
      expect(outcome.orders).to.be.closeTo(part, SURE * errorOf(percent, DRAWS * 3));
    });
  }

  it("would pay if draws read the weights of the moment, a block after what they depend on", () => {
    const outcome = grindDraws({ ...base, percent: 33, frozen: false, delay: 1 });
    report(33, "without the defence", outcome);
    for (const kind of ["verifiers", "judges"] as const) {
      const error = errorOf(33, DRAWS * PLACES[kind]);
      expect(outcome.shares[kind]).to.be.above(0.33 + 2 * error);
    }
    // Teams of all orders are few; those of its own it draws again until they are its nodes.
    expect(outcome.orders).to.be.above(0.6);
  });

  it("whatever bond the proposer of the draw adds or takes, the same nodes verify the same segments", () => {
    const chain = new TestChain({ founders: 8 });
    const { closes, checksDrawn } = firstWindow(chain);
    chain.advanceTo(closes);
    chain.advance(claim(chain, chain.personOfNode(0), 40));
    chain.advanceTo(checksDrawn - 1);
    const own = chain.personOfNode(0);
    const drawnWith = (amount: bigint, kind: "bond" | "unbond") => {
      const block = chain.build([chain.transaction(own, kind, { amount })]);
      expect(block.body.transactions).to.have.length(1);
      return checksAfter(chain, block);
    };
    const usual = checksAfter(chain, chain.build([]));
    expect(usual).not.to.have.length(0);
    for (let amount = 1n; amount <= 40n; amount++) {
      expect(drawnWith(amount, "bond")).to.deep.equal(usual);
      expect(drawnWith(990_000_000n - amount, "unbond")).to.deep.equal(usual);
    }
    // Not even leaving helps: it is the node that is verified.
    expect(drawnWith(1_000_000_000n, "unbond")).to.deep.equal(usual);
  });
});

function checksAfter({ head }: TestChain, block: Block): unknown {
  return applyBlock(head, block).state.claims[0]?.checks;
}
