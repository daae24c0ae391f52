import { expect } from "chai";
import type { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import {
  commit,
  countsOf,
  entryOf,
  RECIPE,
  result,
  stagesOf,
  trackChain,
  trained,
} from "../../helpers/track-run.ts";

function committed(): TestChain {
  const chain = trackChain(4);
  chain.advanceTo(stagesOf(chain).opens);
  chain.advance(commit(chain, chain.personOfNode(0)));
  return chain;
}

describe("track-result", () => {
  it("is taken after the test rows are seeded, to the last block for results", () => {
    const chain = committed();
    const { revealed, resultsUntil } = stagesOf(chain);
    const who = chain.personOfNode(0);
    chain.advanceTo(revealed - 1);
    expectRefused(chain, result(chain, who), "NO_TRACK");
    chain.advance();
    expectApplies(chain, result(chain, who));
    chain.advanceTo(resultsUntil);
    expectRefused(chain, result(chain, who), "NO_TRACK");
  });

  it("is taken once, from nodes that committed", () => {
    const chain = committed();
    chain.advanceTo(stagesOf(chain).revealed);
    const idle = result(chain, chain.personOfNode(1));
    expect(expectRefused(chain, idle, "NOT_ASSIGNED").duty).to.equal("track-result");
    const who = chain.personOfNode(0);
    chain.advance(result(chain, who));
    expect(entryOf(chain, 0)).to.deep.include({
      recipe: RECIPE,
      weights: trained(who).weights,
      counts: countsOf(124),
    });
    expectRefused(chain, result(chain, who), "ALREADY_DONE");
  });

  it("opens the commitment: another recipe or other weights do not", () => {
    const chain = committed();
    chain.advanceTo(stagesOf(chain).revealed);
    const who = chain.personOfNode(0);
    const weights = trained(chain.personOfNode(1)).weights;
    for (const other of [{ weights }, { recipe: { ...RECIPE, batchSize: 33 } }]) {
      const facts = expectRefused(chain, result(chain, who, other), "BAD_FIELD");
      expect(facts.reason).to.contain("committed");
    }
  });

  it("holds a recipe within its bounds", () => {
    const chain = trackChain(4);
    const { opens, revealed } = stagesOf(chain);
    const who = chain.personOfNode(0);
    const recipe = { ...RECIPE, learningRate: 0 };
    chain.advanceTo(opens);
    chain.advance(commit(chain, who, { recipe }));
    chain.advanceTo(revealed);
    const facts = expectRefused(chain, result(chain, who, { recipe }), "BAD_FIELD");
    expect(facts.field).to.equal("recipe.learningRate");
  });
});
