import { expect } from "chai";
import {
  BlobReceiver,
  decodeIndexes,
  decodeTable,
  encodeIndexes,
  encodeTable,
  MAX_BLOB_BYTES,
  MAX_INPUTS,
  refOf,
} from "../../../node/workers/blob.ts";
import { BlobCache } from "../../../node/workers/blob-cache.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const bytes = Uint8Array.from({ length: 10 }, (_, i) => i);
const hash = "cd".repeat(32);

describe("table of inputs", () => {
  it("gives back hashes and sizes", () => {
    const refs = [refOf(bytes), { hash, size: MAX_BLOB_BYTES }];
    expect(decodeTable(encodeTable(refs))).to.deep.equal(refs);
  });

  it("refuses a table that is cut", () => {
    expectCode(() => decodeTable(encodeTable([refOf(bytes)]).subarray(1)), "PROTOCOL");
  });

  it("refuses empty, too large and too many inputs", () => {
    expectCode(() => encodeTable([{ hash, size: 0 }]), "PROTOCOL");
    expectCode(() => encodeTable([{ hash, size: MAX_BLOB_BYTES + 1 }]), "TOO_LARGE");
    expectCode(() => encodeTable(Array(5).fill({ hash, size: MAX_BLOB_BYTES })), "TOO_LARGE");
    const many = new Uint8Array((MAX_INPUTS + 1) * 36).fill(1);
    expectCode(() => decodeTable(many), "TOO_LARGE");
  });

  it("takes only ascending indexes within the table", () => {
    expect(decodeIndexes(encodeIndexes([0, 2, 3]), 4)).to.deep.equal([0, 2, 3]);
    for (const wrong of [[2, 2], [3, 1], [4], [0, 1, 2, 3, 3]]) {
      expectCode(() => decodeIndexes(encodeIndexes(wrong), 4), "PROTOCOL");
    }
  });
});

describe("BlobReceiver", () => {
  it("puts the parts together", () => {
    const receiver = new BlobReceiver(refOf(bytes), 10);
    expect(receiver.accept(0, bytes.subarray(0, 4))).to.equal(undefined);
    expect(receiver.accept(4, bytes.subarray(4))).to.deep.equal(bytes);
  });

  it("refuses a size above the limit before it takes memory", () => {
    expectCode(() => new BlobReceiver({ hash, size: 2 ** 50 }, 1_000), "TOO_LARGE");
  });

  it("refuses parts out of order, empty, or beyond the end", () => {
    expectCode(() => new BlobReceiver(refOf(bytes), 10).accept(4, bytes.subarray(4)), "PROTOCOL");
    expectCode(
      () => new BlobReceiver(refOf(bytes), 10).accept(0, bytes.subarray(0, 0)),
      "PROTOCOL",
    );
    expectCode(() => new BlobReceiver(refOf(bytes), 10).accept(0, new Uint8Array(11)), "PROTOCOL");
  });

  it("refuses bytes with another hash", () => {
    expectCode(() => new BlobReceiver(refOf(bytes), 10).accept(0, new Uint8Array(10)), "PROTOCOL");
  });
});

describe("BlobCache", () => {
  it("drops what was used longest ago", () => {
    const cache = new BlobCache(30);
    for (const name of ["a", "b", "c"]) cache.put(name, bytes);
    cache.get("a");
    cache.put("d", bytes);
    expect(["a", "b", "c", "d"].map((name) => cache.get(name) !== undefined)).to.deep.equal([
      true,
      false,
      true,
      true,
    ]);
  });

  it("does not empty itself for something that cannot fit", () => {
    const cache = new BlobCache(15);
    cache.put("a", bytes);
    cache.put("b", new Uint8Array(16));
    expect(cache.get("a")).to.equal(bytes);
    expect(cache.get("b")).to.equal(undefined);
  });
});
