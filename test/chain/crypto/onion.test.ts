import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { isReveal, makeOnion, peel } from "../../../chain/crypto/onion.ts";

describe("hash onions", () => {
  const secret = new Uint8Array(32).fill(7);
  const onion = makeOnion(secret, 5);

  it("have one link per reveal above the core, each the hash of the one below", () => {
    expect(onion).to.have.length(6);
    for (let i = 1; i < onion.length; i++) {
      const [below, above] = [onion[i - 1] as Uint8Array, onion[i] as Uint8Array];
      expect(toHex(peel(below))).to.equal(toHex(above));
      expect(isReveal(below, above)).to.equal(true);
      expect(isReveal(above, below)).to.equal(false);
    }
  });

  it("follow from the secret alone and do not show it", () => {
    expect(makeOnion(secret, 5).map(toHex)).to.deep.equal(onion.map(toHex));
    expect(onion.map(toHex)).not.to.include(toHex(secret));
    const other = makeOnion(new Uint8Array(32).fill(8), 5);
    expect(toHex(other[0] as Uint8Array)).not.to.equal(toHex(onion[0] as Uint8Array));
  });
});
