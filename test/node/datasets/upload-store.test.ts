import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { expect } from "chai";
import { UPLOAD_LIMITS, UploadStore } from "../../../node/datasets/upload-store.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const LIMITS = { ...UPLOAD_LIMITS, fileBytes: 100, totalBytes: 250, count: 3, idleMs: 1000 };

describe("uploads", () => {
  const folders = new TemporaryFolders();
  const clock = { nowMs: 0, now: () => clock.nowMs };
  let dataDir: string;
  let store: UploadStore;

  beforeEach(async () => {
    clock.nowMs = Date.now();
    dataDir = await folders.create();
    store = new UploadStore(dataDir, LIMITS, { clock });
  });
  after(() => folders.removeAll());

  const bytes = (...parts: string[]): Readable =>
    Readable.from(parts.map((part) => Buffer.from(part)));

  it("come in pieces, each behind the last", async () => {
    const { id } = await store.create(6);
    expect((await store.append(id, 0, bytes("ab", "c"))).offset).to.equal(3);
    expect((await store.append(id, 3, bytes("def"))).offset).to.equal(6);
    expect(await readFile(store.path(id), "utf8")).to.equal("abcdef");
  });

  it("keep what came before a stream broke, and go on from there", async () => {
    const { id } = await store.create(6);
    const broken = new PassThrough();
    const first = store.append(id, 0, broken);
    broken.write("abcd");
    setImmediate(() => broken.destroy(new Error("the line broke")));
    await first.then(
      () => expect.fail("it ended well"),
      () => undefined,
    );
    const { offset } = await store.find(id);
    expect(offset).to.be.within(0, 4);
    await store.append(id, offset, bytes("abcdef".slice(offset)));
    expect(await readFile(store.path(id), "utf8")).to.equal("abcdef");
  });

  it("end an older request when a newer one goes on", async () => {
    const { id } = await store.create(6);
    const silent = new PassThrough();
    const older = expectCodeAsync(() => store.append(id, 0, silent), "UPLOAD_TAKEN_OVER");
    const newer = store.append(id, 0, bytes("abcdef"));
    await older;
    expect((await newer).offset).to.equal(6);
  });

  it("refuse a wrong offset and more than was announced", async () => {
    const { id } = await store.create(3);
    const error = await expectCodeAsync(() => store.append(id, 1, bytes("a")), "WRONG_OFFSET");
    expect(error.facts).to.deep.include({ expected: 0, actual: 1 });
    await expectCodeAsync(() => store.append(id, 0, bytes("ab", "cd")), "TOO_LARGE");
    expect((await store.find(id)).offset).to.be.at.most(3);
  });

  it("are bounded in size, sum and number", async () => {
    await expectCodeAsync(() => store.create(101), "TOO_LARGE");
    const first = await store.create(100);
    await store.create(100);
    await expectCodeAsync(() => store.create(100), "TOO_MANY_UPLOADS");
    await store.remove(first.id);
    await store.create(10);
    await store.create(10);
    await expectCodeAsync(() => store.create(1), "TOO_MANY_UPLOADS");
    await expectCodeAsync(() => store.find(first.id), "UNKNOWN_UPLOAD");
  });

  it("leave room on the disk", async () => {
    const full = new UploadStore(
      dataDir,
      { ...LIMITS, freeBytes: Number.MAX_SAFE_INTEGER },
      { clock },
    );
    await expectCodeAsync(() => full.create(1), "DISK_FULL");
  });

  it("outlive a restart unless they belong to one request, and go when they are old", async () => {
    const { id } = await store.create(6);
    await store.append(id, 0, bytes("abc"));
    const passing = await store.create(6, { isPassing: true });
    const next = new UploadStore(dataDir, LIMITS, { clock });
    await next.load();
    expect((await next.find(id)).offset).to.equal(3);
    await expectCodeAsync(() => next.find(passing.id), "UNKNOWN_UPLOAD");
    clock.nowMs += 3_600_000;
    await next.expire();
    expect(await readdir(join(dataDir, "uploads"))).to.deep.equal([]);
  });
});
