import { expect } from "chai";
import { VERDICTS } from "../../../chain/types/node.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { claim, firstWindow, verdictOf } from "../../helpers/window-run.ts";

/** Node 0 has claimed and its verifiers are drawn. */
function claimed(): { chain: TestChain; verifiers: readonly number[] } {
  const chain = new TestChain();
  const { closes, claimsUntil } = firstWindow(chain);
  chain.advanceTo(closes);
  chain.advance(claim(chain, chain.personOfNode(0), 30));
  chain.advanceTo(claimsUntil);
  return { chain, verifiers: chain.head.state.claims[0]?.verifiers ?? [] };
}

describe("window-verdict", () => {
  it("is written beside its verifier", () => {
    const { chain, verifiers } = claimed();
    const [, second = -1] = verifiers;
    chain.advance(verdictOf(chain, second, 0, "not-served"));
    expect(chain.head.state.claims[0]?.verdicts).to.deep.equal([0, 3]);
  });

  it("refuses NOT_ASSIGNED for whoever was not drawn, and for all before the draw", () => {
    const { chain, verifiers } = claimed();
    for (const node of [0, 1, 2, 3]) {
      const verdict = verdictOf(chain, node, 0, "match");
      if (verifiers.includes(node)) expectApplies(chain, verdict);
      else expectRefused(chain, verdict, "NOT_ASSIGNED");
    }
    const stranger = { window: 1, node: 0, verdict: 0 };
    const { client } = chain;
    const meddling = chain.transaction(client, "window-verdict", stranger, { fee: 0n });
    expectRefused(chain, meddling, "NOT_ASSIGNED");

    const early = new TestChain();
    early.advanceTo(firstWindow(early).closes);
    early.advance(claim(early, early.personOfNode(0), 30));
    expectRefused(early, verdictOf(early, verifiers[0] ?? -1, 0, "match"), "NOT_ASSIGNED");
  });

  it("refuses ALREADY_DONE for a second verdict", () => {
    const { chain, verifiers } = claimed();
    const [first = -1] = verifiers;
    chain.advance(verdictOf(chain, first, 0, "match"));
    expectRefused(chain, verdictOf(chain, first, 0, "mismatch"), "ALREADY_DONE");
  });

  it("refuses NO_WINDOW without a claim to judge, and once claims are settled", () => {
    const { chain, verifiers } = claimed();
    const [first = -1] = verifiers;
    expectRefused(chain, verdictOf(chain, first, 1, "match"), "NO_WINDOW");
    chain.advanceTo(firstWindow(chain).verdictsUntil);
    expectRefused(chain, verdictOf(chain, first, 0, "match"), "NO_WINDOW");
  });

  it("refuses BAD_FIELD for a verdict nobody knows", () => {
    const { chain, verifiers } = claimed();
    const verifier = chain.personOfNode(verifiers[0] ?? -1);
    const value = { window: 1, node: 0, verdict: VERDICTS.length };
    const odd = chain.transaction(verifier, "window-verdict", value, { fee: 0n });
    expect(expectRefused(chain, odd, "BAD_FIELD").field).to.equal("verdict");
  });
});
