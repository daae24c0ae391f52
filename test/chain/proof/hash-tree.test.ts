import { expect } from "chai";
import fc from "fast-check";
import { sha256, toHex, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { merkleProof, merkleRoot, verifyMerkleProof } from "../../../chain/proof/hash-tree.ts";

function leaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => sha256(uint32Bytes(i)));
}

describe("merkleRoot", () => {
  it("is the RFC 6962 tree", () => {
    const [a = new Uint8Array(), b = new Uint8Array(), c = new Uint8Array()] = leaves(3);
    const leaf = (bytes: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), bytes);
    const inner = (left: Uint8Array, right: Uint8Array): Uint8Array =>
      sha256(Uint8Array.of(1), left, right);
    expect(merkleRoot([a])).to.deep.equal(leaf(a));
    expect(merkleRoot([a, b, c])).to.deep.equal(inner(inner(leaf(a), leaf(b)), leaf(c)));
    expect(() => merkleRoot([])).to.throw(RangeError);
  });

  it("proves every leaf at its place and nowhere else", () => {
    const places = fc
      .integer({ min: 1, max: 70 })
      .chain((count) => fc.tuple(fc.constant(count), fc.nat({ max: count - 1 })));
    fc.assert(
      fc.property(places, ([count, index]) => {
        const all = leaves(count);
        const root = merkleRoot(all);
        const proof = merkleProof(all, index);
        const leaf = all[index] ?? new Uint8Array();
        expect(verifyMerkleProof(root, leaf, proof)).to.equal(true);
        expect(verifyMerkleProof(root, sha256(leaf), proof)).to.equal(false);
        expect(verifyMerkleProof(root, leaf, { ...proof, index: index + 1 })).to.equal(false);
        const siblings = [...proof.siblings, leaf];
        expect(verifyMerkleProof(root, leaf, { ...proof, siblings })).to.equal(false);
        if (proof.siblings.length > 0) {
          const short = { ...proof, siblings: proof.siblings.slice(1) };
          expect(verifyMerkleProof(root, leaf, short)).to.equal(false);
        }
      }),
    );
  });

  it("does not take an inner node for a leaf", () => {
    const all = leaves(4);
    const [left, right] = all.map((leaf) => sha256(Uint8Array.of(0), leaf));
    const inner = sha256(left ?? new Uint8Array(), right ?? new Uint8Array());
    const siblings = merkleProof(all, 0).siblings.slice(1);
    expect(verifyMerkleProof(merkleRoot(all), inner, { index: 0, count: 2, siblings })).to.equal(
      false,
    );
    expect(() => merkleProof(all, 4)).to.throw(RangeError);
  });

  it("changes with order and count", () => {
    const roots = [leaves(4), leaves(5), leaves(4).reverse()].map((all) => toHex(merkleRoot(all)));
    expect(new Set(roots).size).to.equal(3);
  });
});
