import { expect } from "chai";
import { JobDisk } from "../../../node/storage/job-disk.ts";
import { byKind, type StorageKind } from "../../../node/storage/kinds.ts";
import { StorageError } from "../../../node/storage/storage-error.ts";
import { SILENT } from "../../../p2p/log.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const MARK = 1_000;
const CHAIN_MARK = 200;

describe("JobDisk", () => {
  let free: number;
  /** What lies on the disk. */
  let found: Record<StorageKind, number>;
  let nowMs: number;
  let disk: JobDisk;
  /** Bytes that were short when it was asked to make room. */
  let asked: number[];
  /** What making room does. */
  let collect: () => void;

  beforeEach(() => {
    free = 10_000;
    found = byKind(() => 0);
    nowMs = 0;
    asked = [];
    collect = () => {};
    disk = new JobDisk(
      {
        minFreeBytes: MARK,
        chainMinFreeBytes: CHAIN_MARK,
        quotaBytes: { ...byKind(() => 1e9), blobs: 5_000 },
      },
      { log: SILENT, free: async () => free, monotonic: () => nowMs },
    );
    disk.onShort(async (shortBytes) => {
      asked.push(shortBytes);
      const done = disk.beginCount();
      collect();
      done(found);
    });
  });

  const refused = async (kind: StorageKind, bytes: number): Promise<StorageError> =>
    (await expectCodeAsync(() => disk.reserve(kind, bytes), "JOB_DISK_FULL")) as StorageError;

  it("promises space down to the mark, and not a byte more", async () => {
    const { message, remedy } = await refused("datasets", 9_001);
    expect(message).to.match(/no room for files of jobs.*\(disk\.jobsMinFreeMib\)/);
    expect(remedy).to.contain("npx poml storage");
    const held = await disk.reserve("datasets", 9_000);
    expect(disk.status().heldBytes.datasets).to.equal(9_000);
    held.release();
    expect(disk.status().heldBytes.datasets).to.equal(0);
  });

  it("counts what is promised and not written yet, so that many at once cannot exceed the mark", async () => {
    const asking = Array.from({ length: 10 }, () =>
      disk.reserve("datasets", 2_000).then(
        () => true,
        () => false,
      ),
    );
    expect((await Promise.all(asking)).filter(Boolean)).to.have.lengthOf(4);
  });

  it("counts written bytes once: as free space that is gone", async () => {
    const held = await disk.reserve("datasets", 4_000);
    held.wrote(3_000);
    free -= 3_000;
    (await disk.reserve("models", 5_000)).release();
    await refused("models", 5_001);
    held.release();
    (await disk.reserve("models", 6_000)).release();
  });

  it("holds each kind to its quota: found, written since and promised together", async () => {
    found.blobs = 2_000;
    const held = await disk.reserve("blobs", 1_500);
    held.wrote(1_000);
    held.release();
    found.blobs = 3_000;
    const { message, facts } = await refused("blobs", 2_001);
    expect(message).to.contain("quota.blobsMib");
    expect(facts).to.include({ setting: "quota.blobsMib", kind: "blobs" });
    (await disk.reserve("blobs", 2_000)).release();
    (await disk.reserve("datasets", 8_000)).release();
  });

  it("does not miss files that are written while it counts", async () => {
    const held = await disk.reserve("blobs", 3_000);
    held.wrote(1_000);
    const done = disk.beginCount();
    held.wrote(2_000);
    done({ ...byKind(() => 0), blobs: 1_000 });
    nowMs = 60_000;
    (await disk.reserve("blobs", 2_000)).release();
    collect = () => {
      throw new Error("the disk cannot be read");
    };
    await refused("blobs", 2_001);
  });

  it("deletes files ahead of time before it refuses, once however many ask", async () => {
    free = 1_500;
    collect = () => {
      free += 400;
    };
    await disk.reserve("models", 1).then(({ release }) => release());
    asked.splice(0);
    nowMs += 60_000;
    const held = await disk.reserve("models", 1_200);
    expect(asked).to.deep.equal([300]);
    held.release();
    await Promise.all(Array.from({ length: 50 }, () => refused("models", 5_000)));
    expect(asked, "at most one look in ten seconds").to.have.lengthOf(1);
  });

  it("below the mark ends running writes and takes no files, until a quarter more than the mark is free", async () => {
    const held = await disk.reserve("datasets", 1_000);
    const window = await disk.reserve("windows", 100);
    free = MARK - 1;
    await disk.check();
    expect(disk.hasRoom).to.equal(false);
    expect(held.signal.reason).to.be.instanceOf(StorageError);
    expect(window.signal.aborted, "the chain's own work goes on").to.equal(false);
    free = MARK * 1.25 - 1;
    await disk.check();
    await refused("blobs", 1);
    free = MARK * 1.25;
    await disk.check();
    expect(disk.hasRoom).to.equal(true);
    held.release();
    (await disk.reserve("blobs", 1)).release();
  });

  it("lets states of benchmark windows go down to the chain's mark", async () => {
    free = MARK - 1;
    await disk.check();
    (await disk.reserve("windows", free - CHAIN_MARK)).release();
    const { message } = await refused("windows", free - CHAIN_MARK + 1);
    expect(message).to.contain("disk.minFreeMib");
  });

  it("cleans up by itself when the disk gets low", async () => {
    free = MARK - 100;
    collect = () => {
      free += 500;
    };
    await disk.check();
    expect(asked).to.deep.equal([350]);
    expect(disk.hasRoom).to.equal(true);
  });
});
