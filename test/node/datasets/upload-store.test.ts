import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { expect } from "chai";
import { UPLOAD_LIMITS, UploadStore } from "../../../node/datasets/upload-store.ts";
import { CountedRoom } from "../../helpers/counted-room.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { until } from "../../helpers/until.ts";

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

  it("ask for room before the first byte, and again for the rest once it was taken", async () => {
    const room = new CountedRoom(50);
    const next = new UploadStore(dataDir, LIMITS, { clock, room });
    await expectCodeAsync(() => next.create(51), "JOB_DISK_FULL");
    expect(await readdir(join(dataDir, "uploads")).catch(() => [])).to.deep.equal([]);
    const { id } = await next.create(50);
    await next.append(id, 0, bytes("abc"));
    expect(room.of("uploads")).to.deep.equal({ held: 47, written: 3 });
    room.takeAway();
    await expectCodeAsync(() => next.append(id, 3, bytes("d")), "JOB_DISK_FULL");
    room.left = 47;
    expect((await next.append(id, 3, bytes("d"))).offset).to.equal(4);
    await next.remove(id);
    expect(room.of("uploads").held).to.equal(0);
  });

  it("stop in the middle of a piece when the room is taken, and keep what came", async () => {
    const room = new CountedRoom(100);
    const next = new UploadStore(dataDir, LIMITS, { clock, room });
    const { id } = await next.create(100);
    const from = new PassThrough();
    const appending = next.append(id, 0, from);
    from.write("abc");
    await until(() => room.of("uploads").written === 3, 5_000, "the first bytes");
    room.takeAway();
    from.write("def");
    await expectCodeAsync(() => appending, "JOB_DISK_FULL");
    expect((await next.find(id)).offset).to.equal(3);
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
