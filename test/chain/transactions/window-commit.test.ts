import { expect } from "chai";
import { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { claim, claimOf, firstWindow, registration } from "../../helpers/window-run.ts";

/** A chain whose next block has this height. */
function chainBefore(height: number): TestChain {
  const chain = new TestChain();
  chain.advanceTo(height - 1);
  return chain;
}

describe("window-commit", () => {
  const { opens, closes, claimsUntil } = firstWindow(new TestChain());

  it("is taken from the block after the window closed to the last one for claims", () => {
    for (const height of [closes + 1, claimsUntil]) {
      const chain = chainBefore(height);
      expectApplies(chain, claim(chain, chain.personOfNode(0), 30));
    }
  });

  it("refuses NO_WINDOW before the work has ended, and late", () => {
    for (const height of [opens - 1, opens, closes, claimsUntil + 1]) {
      const chain = chainBefore(height);
      const facts = expectRefused(chain, claim(chain, chain.personOfNode(0), 30), "NO_WINDOW");
      expect(facts.window).to.equal(1);
    }
  });

  it("refuses NO_WINDOW for another window than the one that closed", () => {
    const chain = chainBefore(closes + 1);
    const founder = chain.personOfNode(0);
    for (const window of [0, 2]) {
      const value = { ...claimOf(chain, founder, 30), window };
      const other = chain.transaction(founder, "window-commit", value, { fee: 0n });
      expectRefused(chain, other, "NO_WINDOW");
    }
  });

  it("refuses UNKNOWN_NODE for a stranger", () => {
    const chain = chainBefore(closes + 1);
    expectRefused(chain, claim(chain, chain.client, 30), "UNKNOWN_NODE");
  });

  it("refuses NOT_ASSIGNED for a node that came after the window opened", () => {
    const chain = chainBefore(opens);
    const { client } = chain;
    chain.advance(chain.transaction(client, "register", registration(client)));
    chain.advanceTo(closes);
    expectRefused(chain, claim(chain, client, 30), "NOT_ASSIGNED");
  });

  it("refuses BAD_FIELD for no work or too much, and ALREADY_DONE for a second claim", () => {
    const chain = chainBefore(closes + 1);
    const founder = chain.personOfNode(0);
    const nothing = { segments: 0, checkpointRoot: new Uint8Array(32) };
    for (const wrong of [
      { lanes: [] },
      { lanes: [nothing, nothing] },
      { lanes: [{ segments: 1_000_001, checkpointRoot: new Uint8Array(32) }] },
      { energySource: 9 },
    ]) {
      const value = { ...claimOf(chain, founder, 30), ...wrong };
      expectRefused(chain, chain.transaction(founder, "window-commit", value), "BAD_FIELD");
    }
    chain.advance(claim(chain, founder, 30));
    expectRefused(chain, claim(chain, founder, 31), "ALREADY_DONE");
  });
});
