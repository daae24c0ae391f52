import { expect } from "chai";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { commit, entryOf, RECIPE, stagesOf, trackChain, trained } from "../../helpers/track-run.ts";

describe("track-commit", () => {
  it("is taken from the opening to the last block for commitments", () => {
    const chain = trackChain(4);
    const { opens, commitsUntil } = stagesOf(chain);
    const who = chain.personOfNode(0);
    chain.advanceTo(opens - 1);
    expectRefused(chain, commit(chain, who), "NO_TRACK");
    chain.advance();
    expectApplies(chain, commit(chain, who));
    chain.advanceTo(commitsUntil - 1);
    expectApplies(chain, commit(chain, who));
    chain.advance();
    expect(expectRefused(chain, commit(chain, who), "NO_TRACK").track).to.equal(1);
  });

  it("is for the track under way", () => {
    const chain = trackChain(4);
    chain.advanceTo(stagesOf(chain).opens);
    expectRefused(chain, commit(chain, chain.personOfNode(0), { track: 2 }), "NO_TRACK");
  });

  it("is for nodes that no fault was proven of", () => {
    const chain = trackChain(4);
    chain.advanceTo(stagesOf(chain).opens);
    const { weights } = trained(chain.client);
    const value = { track: 1, commitment: weights };
    const stranger = chain.transaction(chain.client, "track-commit", value, { fee: 0n });
    expectRefused(chain, stranger, "UNKNOWN_NODE");
    const { nodes } = chain.head.state;
    nodes.set(0, { ...nodes.at(0), slashedAt: 1 });
    expectRefused(chain, commit(chain, chain.personOfNode(0)), "SLASHED");
  });

  it("binds a node once and tells nothing else", () => {
    const chain = trackChain(4);
    chain.advanceTo(stagesOf(chain).opens);
    const who = chain.personOfNode(0);
    chain.advance(commit(chain, who));
    expect(entryOf(chain, 0)).to.deep.include({ counts: [], judges: [] });
    expect(entryOf(chain, 0).recipe.width).to.equal(0);
    const again = commit(chain, who, { recipe: { ...RECIPE, epochs: 1 } });
    expect(expectRefused(chain, again, "ALREADY_DONE").duty).to.equal("track-commit");
  });
});
