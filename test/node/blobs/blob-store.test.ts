import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import type { ServedFile } from "../../../node/blobs/served-file.ts";
import { PIECE_BYTES } from "../../../node/blobs/served-file.ts";
import { type BlobSource, wholeOf } from "../../../node/workers/blob-source.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { unreliableDisks } from "../../helpers/unreliable-disks.ts";

async function served(blobs: BlobStore, hash: Uint8Array): Promise<BlobSource> {
  const source = await blobs.serve(hash);
  return source ?? expect.fail("not served");
}

describe("BlobStore", () => {
  const folders = new TemporaryFolders();
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

  afterEach(() => folders.removeAll());

  it("returns a stored blob by its SHA-256, and leaves no temporary file", async () => {
    const folder = await folders.create();
    const blobs = await BlobStore.open(folder);
    const hash = await blobs.put(bytes);
    expect(await blobs.get(hash)).to.deep.equal(bytes);
    expect(await readdir(join(folder, "blobs"))).to.deep.equal([toHex(hash)]);
  });

  const read = async (file: ServedFile | undefined): Promise<Uint8Array | undefined> => {
    if (file === undefined) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const piece of file.read()) pieces.push(piece);
    return new Uint8Array(Buffer.concat(pieces));
  };

  it("still has a blob after a loss of power, once it has confirmed it", async () => {
    for (const { disk, power } of unreliableDisks()) {
      const bytes = Uint8Array.of(1, 2, 3);
      const hash = await (await BlobStore.open("/data", { disk })).put(bytes);
      power.losePower();
      expect(await (await BlobStore.open("/data", { disk })).get(hash)).to.deep.equal(bytes);
    }
  });

  it("does not serve a withheld blob before its release", async () => {
    const blobs = await BlobStore.open(await folders.create());
    const hash = await blobs.putWithheld(bytes);
    expect(await blobs.get(hash)).to.deep.equal(bytes);
    expect(await blobs.serve(hash)).to.equal(undefined);
    expect(await blobs.serveFile(hash)).to.equal(undefined);
    await blobs.release(hash);
    expect(await wholeOf(await served(blobs, hash))).to.deep.equal(bytes);
    expect(await read(await blobs.serveFile(hash))).to.deep.equal(bytes);
    // What was public for a moment can be secret again: a round that is run anew gives the same bytes.
    await blobs.withhold(hash);
    expect(await blobs.serve(hash)).to.equal(undefined);
  });

  it("knows after a restart what is withheld, and what was released", async () => {
    const folder = await folders.create();
    const before = await BlobStore.open(folder);
    const secret = await before.putWithheld(bytes);
    const told = await before.putWithheld(bytes.subarray(1));
    await before.release(told);
    const after = await BlobStore.open(folder);
    expect(await after.serve(secret)).to.equal(undefined);
    expect(await after.serveFile(secret)).to.equal(undefined);
    expect(await wholeOf(await served(after, told))).to.deep.equal(bytes.subarray(1));
  });

  it("reads a file in pieces, and closes it when the reader stops", async () => {
    const blobs = await BlobStore.open(await folders.create());
    for (const size of [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7]) {
      const large = Uint8Array.from({ length: size }, (_, i) => (i * 7) % 253);
      const file = await blobs.serveFile(await blobs.put(large));
      expect(file?.sizeBytes).to.equal(size);
      expect(await read(file)).to.deep.equal(large);
    }
    const file = await blobs.serveFile(await blobs.put(new Uint8Array(2 * PIECE_BYTES)));
    for await (const piece of file?.read() ?? []) {
      expect(piece.length).to.be.at.most(PIECE_BYTES);
      break;
    }
  });

  it("reports a file that was deleted since it was found", async () => {
    const blobs = await BlobStore.open(await folders.create());
    const hash = await blobs.put(bytes);
    const file = await blobs.serveFile(hash);
    await blobs.remove(hash);
    await expectCodeAsync(() => read(file), "NOT_FOUND");
  });

  it("never gives the last piece of a damaged file", async () => {
    const folder = await folders.create();
    const blobs = await BlobStore.open(folder);
    const large = new Uint8Array(200_000).fill(7);
    const hash = await blobs.put(large);
    const file = await blobs.serveFile(hash);
    await writeFile(join(folder, "blobs", toHex(hash)), new Uint8Array(200_000).fill(8));
    let received = 0;
    const whole = async (): Promise<void> => {
      for await (const piece of file?.read() ?? []) received += piece.length;
    };
    await expectCodeAsync(whole, "BLOB_DAMAGED");
    expect(received).to.be.below(large.length);
    expect(await blobs.serveFile(hash)).to.equal(undefined);
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
