import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

describe("BlobStore", () => {
  const folders = new TemporaryFolders();
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

  afterEach(() => folders.removeAll());

  it("gives back what was put, under its SHA-256, and leaves no temporary file", async () => {
    const folder = await folders.create();
    const blobs = await BlobStore.open(folder);
    const hash = await blobs.put(bytes);
    expect(await blobs.get(hash)).to.deep.equal(bytes);
    expect(await readdir(join(folder, "blobs"))).to.deep.equal([toHex(hash)]);
  });

  it("does not serve a withheld blob before its release", async () => {
    const blobs = await BlobStore.open(await folders.create());
    const hash = await blobs.put(bytes);
    blobs.withhold(hash);
    expect(await blobs.serve(hash)).to.equal(undefined);
    blobs.release(hash);
    expect(await blobs.serve(hash)).to.deep.equal(bytes);
  });

  it("refuses a blob whose bytes changed on disk, once, and then does not have it", async () => {
    const folder = await folders.create();
    const blobs = await BlobStore.open(folder);
    const hash = await blobs.put(bytes);
    await writeFile(join(folder, "blobs", toHex(hash)), "something else");
    await expectCodeAsync(() => blobs.get(hash), "BLOB_DAMAGED");
    expect(await blobs.get(hash)).to.equal(undefined);
  });
});
