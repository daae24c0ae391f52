import { expect } from "chai";
import { checkDuplicateClaim } from "../../../chain/evidence/duplicate-claim.ts";
import { ClaimWatch } from "../../../node/consensus/claim-watch.ts";
import { TestChain } from "../../helpers/chain.ts";
import { claimOf } from "../../helpers/window-run.ts";

describe("ClaimWatch", () => {
  const chain = new TestChain();
  const [a = chain.client, b = chain.client] = chain.founders;
  const claim = (who: typeof a, window: number, segments: number, nonce = 0) => {
    const value = { ...claimOf(chain, who, segments), window };
    return chain.transaction(who, "window-commit", value, { nonce });
  };

  it("finds a second claim of other work in the same window", () => {
    const watch = new ClaimWatch();
    expect(watch.see(claim(a, 1, 10))).to.equal(undefined);
    const proof = watch.see(claim(a, 1, 11));
    if (proof?.kind !== "duplicate-claim") throw new Error("no proof");
    checkDuplicateClaim(proof.value);
  });

  it("is content with the same claim again, other windows, other nodes and other transactions", () => {
    const watch = new ClaimWatch();
    watch.see(claim(a, 1, 10));
    for (const harmless of [
      claim(a, 1, 10, 1),
      claim(a, 2, 11),
      claim(b, 1, 11),
      chain.transaction(a, "bond", { amount: 1n }),
    ]) {
      expect(watch.see(harmless)).to.equal(undefined);
    }
  });
});
