import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { leafDigest, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { isBoundTo } from "../../../ml/audit/bound-update.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { stateHash } from "../../../ml/training/checkpoint.ts";

/** An update at the end of three segments, and the root its participant committed to. */
function bound() {
  const states = [0, 1, 2, 3].map((i) => ({
    parameters: Float32Array.of(i, i + 1),
    optimizerState: Float32Array.of(-i, 0.5),
  }));
  const last = states[3];
  if (last === undefined) throw new Error("no last state");
  const hashes = states.map(stateHash);
  const update = {
    participant: 1,
    round: 1,
    samples: 30,
    parameters: last.parameters,
    optimizerHash: sha256(bytesOfFloats(last.optimizerState)),
    digests: hashes.map(leafDigest),
  };
  return { update, root: merkleRoot(hashes) };
}

describe("isBoundTo", () => {
  it("holds for the parameters of the last checkpoint, and for no others", () => {
    const { update, root } = bound();
    expect(isBoundTo(update, root, 3)).to.equal(true);
    const parameters = Float32Array.of(3, 4.000001);
    expect(isBoundTo({ ...update, parameters }, root, 3)).to.equal(false);
    expect(isBoundTo({ ...update, optimizerHash: sha256(root) }, root, 3)).to.equal(false);
  });

  it("refuses checkpoints that are not the committed ones, and any other number of them", () => {
    const { update, root } = bound();
    const [first = root, second = root, ...rest] = update.digests;
    const swapped = { ...update, digests: [second, first, ...rest] };
    expect(isBoundTo(swapped, root, 3)).to.equal(false);
    expect(isBoundTo(update, sha256(root), 3)).to.equal(false);
    expect(isBoundTo(update, root, 2)).to.equal(false);
    expect(isBoundTo(update, root, 4)).to.equal(false);
  });
});
