import { expect } from "chai";
import { taggedHash, toHex } from "../../../../chain/crypto/hash.ts";
import {
  addRunning,
  claimRoot,
  confirmsSlice,
  type LeaseKey,
  type SliceClaim,
  sliceLeaf,
  sliceProof,
} from "../../../../chain/workload/search/slice-leaf.ts";

const KEY: LeaseKey = {
  lease: new Uint8Array(32).fill(1),
  publicKey: new Uint8Array(32).fill(2),
};
const SLICES: readonly SliceClaim[] = Array.from({ length: 64 }, (_, index) => ({
  minNonce: BigInt(1000 * index + 3),
  running: Uint8Array.from({ length: 8 }, (_, at) => index * 8 + at),
}));

describe("claims of slices", () => {
  it("have leaves as the documentation says", () => {
    const written = taggedHash(
      "poml/search-slice/v1",
      KEY.lease,
      Uint8Array.of(5, 0, 0, 0),
      KEY.publicKey,
      Uint8Array.of(0x8b, 0x13, 0, 0, 0, 0, 0, 0),
      Uint8Array.of(40, 41, 42, 43, 44, 45, 46, 47),
    );
    const slice = SLICES[5] as SliceClaim;
    expect(toHex(sliceLeaf(KEY, 5, slice))).equal(toHex(written));
  });

  it("are confirmed by the same slice alone: no other lease, key, place, minimum or digest", () => {
    const root = claimRoot(KEY, SLICES);
    for (const [index, slice] of SLICES.entries()) {
      const proof = sliceProof(KEY, SLICES, index);
      expect(confirmsSlice(root, KEY, slice, proof)).equal(true);
      const lies: readonly (readonly [LeaseKey, SliceClaim])[] = [
        [{ ...KEY, lease: new Uint8Array(32) }, slice],
        [{ ...KEY, publicKey: new Uint8Array(32) }, slice],
        [KEY, { ...slice, minNonce: slice.minNonce + 1n }],
        [
          KEY,
          { ...slice, running: addRunning(slice.running, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)) },
        ],
      ];
      for (const [key, lie] of lies) expect(confirmsSlice(root, key, lie, proof)).equal(false);
      const moved = { ...proof, index: index ^ 1 };
      expect(confirmsSlice(root, KEY, slice, moved)).equal(false);
    }
  });
});
