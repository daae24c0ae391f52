import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { type SigningDomain, signingRoot } from "../../../chain/crypto/signing.ts";

describe("signing roots", () => {
  const genesis = sha256(Uint8Array.of(1));
  const object = sha256(Uint8Array.of(2));

  it("differ by domain, by chain and by object", () => {
    const domains: SigningDomain[] = ["transaction", "vote", "proposal", "record", "manifest"];
    const roots = domains.flatMap((domain) => [
      signingRoot(domain, genesis, object),
      signingRoot(domain, object, genesis),
      signingRoot(domain, genesis, genesis),
    ]);
    expect(new Set(roots.map(toHex)).size).to.equal(3 * domains.length);
  });
});
