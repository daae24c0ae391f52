import { expect } from "chai";
import { sha256, toHex } from "../../../../chain/crypto/hash.ts";
import { canonicalJson } from "../../../../ml/dataset/canonical-json.ts";
import { ByteCache } from "../../../../node/jobs/byte-cache.ts";
import { findChunk } from "../../../../node/jobs/train/find-chunk.ts";

const hashOf = (index: number): string => toHex(sha256(Uint8Array.of(index)));
const entry = (file: string, index: number): object => ({
  file,
  rows: 3,
  bytes: 40,
  sha256: hashOf(index),
});

/** Texts that try to look like a chunk, and many chunks. */
function manifest(): Buffer {
  const fake = `"file":"train-00000.bin","rows":1,"sha256":"${hashOf(99)}"}`;
  const json = {
    name: fake,
    notes: [fake, '{"file":"test-00000.bin"'],
    classes: ['"sha256":"', fake],
    train: [entry("train-00000.bin", 0), entry("train-00001.bin", 1)],
    test: [entry("test-00000.bin", 2), entry("test-00001.bin", 0)],
  };
  return Buffer.from(canonicalJson(json));
}

describe("findChunk", () => {
  it("finds chunks by file name and by hash", () => {
    const bytes = manifest();
    for (const [file, index] of [
      ["train-00000.bin", 0],
      ["train-00001.bin", 1],
      ["test-00000.bin", 2],
      ["test-00001.bin", 0],
    ] as const) {
      expect(findChunk(bytes, file)).to.deep.equal({ file, sha256: hashOf(index) });
      expect(findChunk(bytes, hashOf(index).toUpperCase())?.sha256).to.equal(hashOf(index));
    }
  });

  it("takes no text for a chunk, and no name that is none", () => {
    const bytes = manifest();
    const names = [hashOf(99), "train-00002.bin", "", "../api-token", "train-00000.bin\n", '"'];
    for (const name of names) expect(findChunk(bytes, name), name).to.equal(undefined);
    expect(findChunk(Buffer.alloc(0), "train-00000.bin")).to.equal(undefined);
    for (const other of ['{"file":"train-00000.bin",', '"file":"train-00000.bin","rows":1}']) {
      expect(findChunk(Buffer.from(other), "train-00000.bin"), other).to.equal(undefined);
    }
  });
});

describe("ByteCache", () => {
  it("reads once for those who ask together, and keeps no more than its limit", async () => {
    const cache = new ByteCache(100);
    let reads = 0;
    const read = (size: number) => async (): Promise<Buffer> => {
      reads++;
      return Buffer.alloc(size);
    };
    await Promise.all([cache.get("a", read(60)), cache.get("a", read(60))]);
    await cache.get("b", read(30));
    await cache.get("a", read(60));
    expect(reads).to.equal(2);
    // The third makes room for itself at the cost of the first.
    await cache.get("c", read(50));
    await cache.get("b", read(30));
    expect(reads).to.equal(3);
    await cache.get("a", read(60));
    expect(reads).to.equal(4);
  });

  it("forgets a failed read", async () => {
    const cache = new ByteCache(100);
    const failed = await cache
      .get("a", () => Promise.reject(new Error("no file")))
      .catch((error: Error) => error.message);
    expect(failed).to.equal("no file");
    expect(await cache.get("a", async () => Buffer.alloc(1))).to.have.length(1);
  });
});
