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
  reached: endHash === TRUE ? ZERO_HASH : endHash,
});

/** m members that match, then those that came to the given other states, then u that were not served. */
function ruled(m: number, others: readonly number[], u: number, opened = TRUE) {
  const matching = Array.from({ length: m }, (_, node) => by(node, TRUE));
  const differing = others.map((state, i) => by(m + i, sha256(Uint8Array.of(9, state))));
  return ruleOn({ sealed: [...matching, ...differing], unserved: u, opened });
}

describe("a committee's ruling", () => {
  const CASES = [
    [3, [1, 1], 0, "right"],
    [2, [1], 1, "right"],
    [1, [], 0, "right"],
    [1, [], 2, "right"],
    [1, [1], 0, "right"],
    [0, [1, 1, 1], 0, "mismatch"],
    [2, [1, 1, 1], 0, "mismatch"],
    [0, [1, 1, 1], 2, "mismatch"],
    [0, [1, 1, 2], 0, "unproven"],
    [0, [1, 2, 3, 4, 5], 0, "unproven"],
    [1, [1, 1], 1, "unproven"],
    [0, [1], 0, "unproven"],
    [0, [], 2, "unproven"],
    [0, [], 3, "not-served"],
    [0, [1, 1], 3, "not-served"],
    [1, [], 4, "unproven"],
    [0, [], 0, "void"],
  ] as const;
  for (const [m, others, u, verdict] of CASES) {
    it(`of ${m} matches, states ${others.join()} of others and ${u} not served is ${verdict}`, () => {
      const ruling = ruled(m, others, u);
      expect(ruling.verdict).to.equal(verdict);
      expect(ruling.matches).to.deep.equal(Array.from({ length: m }, (_, i) => i));
      expect(ruling.mismatches).to.deep.equal(others.map((_, i) => m + i));
    });
  }

  it("distinguishes members that agree from members that reached a state of their own", () => {
    const { agreeing, mismatches } = ruled(1, [1, 2, 1, 1], 0);
    expect(agreeing).to.deep.equal([1, 3, 4]);
    expect(mismatches).to.deep.equal([1, 2, 3, 4]);
  });

  it("reads no seal under another member's key, and ignores seals that it cannot read", () => {
    const copied = Array.from({ length: 4 }, (_, i) => by(1 + i, TRUE, keyOf(0)));
    const ruling = ruleOn({ sealed: [by(0, TRUE), ...copied], unserved: 0, opened: TRUE });
    expect(ruling).to.deep.include({ verdict: "right", matches: [0], mismatches: [] });
    expect(ruling.unread).to.deep.equal([1, 2, 3, 4]);
  });

  it("believes no state that is not what the seal was made of", () => {
    const lying = [0, 1, 2].map((node) => ({ ...by(node, TRUE), reached: OTHER }));
    const ruling = ruleOn({ sealed: lying, unserved: 0, opened: ZERO_HASH });
    expect(ruling).to.deep.include({ verdict: "void", mismatches: [], unread: [0, 1, 2] });
  });

  it("counts no matches while nothing is shown, not even of zero, and convicts nobody for it", () => {
    expect(ruled(3, [], 0, ZERO_HASH).verdict).to.equal("void");
    const sealed = [{ ...by(0, ZERO_HASH), reached: ZERO_HASH }];
    expect(ruleOn({ sealed, unserved: 0, opened: ZERO_HASH }).verdict).to.equal("void");
  });
});
