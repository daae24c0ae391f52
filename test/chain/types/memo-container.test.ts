import { ContainerType } from "@chainsafe/ssz";
import { expect } from "chai";
import { MemoContainerType } from "../../../chain/types/memo-container.ts";
import { Hash, Uint32 } from "../../../chain/types/primitive.ts";

const FIELDS = { id: Hash, count: Uint32 };
const Memo = new MemoContainerType(FIELDS);
const Plain = new ContainerType(FIELDS);
const Outer = (Inner: typeof Plain) => new ContainerType({ inner: Inner, count: Uint32 });

describe("MemoContainerType", () => {
  it("gives the roots of a plain container, alone and inside another", () => {
    const value = { id: new Uint8Array(32).fill(7), count: 3 };
    expect(Memo.hashTreeRoot(value)).to.deep.equal(Plain.hashTreeRoot(value));
    const outer = { inner: value, count: 1 };
    expect(Outer(Memo).hashTreeRoot(outer)).to.deep.equal(Outer(Plain).hashTreeRoot(outer));
  });

  it("works a root out once for a value, and anew for a changed copy", () => {
    const value = { id: new Uint8Array(32), count: 3 };
    expect(Memo.hashTreeRoot(value)).to.equal(Memo.hashTreeRoot(value));
    const copy = { ...value, count: 4 };
    expect(Memo.hashTreeRoot(copy)).to.deep.equal(Plain.hashTreeRoot(copy));
    expect(Memo.hashTreeRoot(copy)).not.to.deep.equal(Memo.hashTreeRoot(value));
  });
});
