import { expect } from "chai";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { entryOf, show, stagesOf, told, trackChain, trained } from "../../helpers/track-run.ts";

describe("track-show", () => {
  it("is taken when no seal can be given any more, from the node or one of its judges, once", () => {
    const chain = told(trackChain());
    const { verdictsUntil, shownUntil } = stagesOf(chain);
    const judges = entryOf(chain, 0).judges.map(({ node }) => node);
    const outsider = [1, 2, 3, 4, 5, 6, 7].find((node) => !judges.includes(node)) ?? 0;
    chain.advanceTo(verdictsUntil - 1);
    expectRefused(chain, show(chain, 0, 0), "NO_TRACK");
    chain.advance();
    expectApplies(chain, show(chain, 0, 0));
    expectRefused(chain, show(chain, outsider, 0), "NOT_ASSIGNED");
    chain.advance(show(chain, judges[0] ?? 0, 0));
    expect(entryOf(chain, 0).outputs).to.deep.equal(trained(chain.personOfNode(0)).outputs);
    expectRefused(chain, show(chain, 0, 0), "ALREADY_DONE");
    chain.advanceTo(shownUntil);
    expectRefused(chain, show(chain, 0, 0), "NO_TRACK");
  });

  it("must show the values to which the result was bound", () => {
    const chain = told(trackChain());
    chain.advanceTo(stagesOf(chain).verdictsUntil);
    const { outputs } = trained(chain.personOfNode(1));
    const facts = expectRefused(chain, show(chain, 0, 0, { outputs }), "BAD_FIELD");
    expect(facts.field).to.equal("outputs");
  });
});
