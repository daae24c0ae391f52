import { expect } from "chai";
import { ruleOn } from "../../../chain/committee/ruling.ts";
import { sealOf } from "../../../chain/committee/seal.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";

const TRUE = sha256(Uint8Array.of(1));
const OTHER = sha256(Uint8Array.of(2));
const keyOf = (node: number): Uint8Array => sha256(Uint8Array.of(3, node));

const by = (node: number, endHash: Uint8Array, publicKey = keyOf(node)) => ({
  node,
  publicKey: keyOf(node),
  seal: sealOf(endHash, publicKey),
});

/** m members that match, then x that do not, then u that were not served. */
function ruled(m: number, x: number, u: number, opened = TRUE) {
  const sealed = Array.from({ length: m + x }, (_, node) => by(node, node < m ? TRUE : OTHER));
  return ruleOn({ sealed, unserved: u, opened });
}

describe("a committee's ruling", () => {
  const CASES = [
    [3, 2, 0, "right"],
    [2, 1, 1, "right"],
    [1, 0, 0, "right"],
    [2, 3, 0, "mismatch"],
    [0, 1, 0, "mismatch"],
    [1, 2, 1, "mismatch"],
    [1, 1, 1, "not-served"],
    [0, 2, 3, "not-served"],
    [0, 0, 0, "void"],
  ] as const;
  for (const [m, x, u, verdict] of CASES) {
    it(`of ${m} matches, ${x} mismatches, ${u} not served is ${verdict}`, () => {
      const ruling = ruled(m, x, u);
      expect(ruling.verdict).to.equal(verdict);
      expect(ruling.matches).to.deep.equal(Array.from({ length: m }, (_, i) => i));
      expect(ruling.mismatches).to.deep.equal(Array.from({ length: x }, (_, i) => m + i));
    });
  }

  it("takes a seal under another's key for an accusation", () => {
    const sealed = [by(0, TRUE), by(1, TRUE, keyOf(0))];
    const ruling = ruleOn({ sealed, unserved: 0, opened: TRUE });
    expect(ruling).to.deep.equal({ verdict: "right", matches: [0], mismatches: [1] });
  });

  it("counts no matches while nothing is shown, not even of zero", () => {
    expect(ruled(3, 0, 0, ZERO_HASH).verdict).to.equal("mismatch");
    const sealed = [by(0, ZERO_HASH)];
    expect(ruleOn({ sealed, unserved: 0, opened: ZERO_HASH }).verdict).to.equal("mismatch");
  });
});
