import { expect } from "chai";
import { type Disk, systemDisk } from "../../../../node/disk.ts";
import { DurableLog } from "../../../../node/jobs/search/durable-log.ts";
import { TemporaryFolders } from "../../../helpers/temporary.ts";

/** Writes half of what it should, once, as a full disk does. */
function fullOnce(isFull: () => boolean): Disk {
  return {
    ...systemDisk,
    open: async (path, flags) => {
      const file = await systemDisk.open(path, flags);
      return {
        read: (...args) => file.read(...args),
        write: (...args) => file.write(...args),
        stat: () => file.stat(),
        datasync: () => file.datasync(),
        close: () => file.close(),
        writeFile: async (bytes) => {
          if (!isFull()) return file.writeFile(bytes);
          await file.writeFile(bytes.subarray(0, bytes.length / 2));
          throw new Error("ENOSPC");
        },
      };
    },
  };
}

describe("log that outlives a crash", () => {
  const folders = new TemporaryFolders();
  after(() => folders.removeAll());

  it("reads what was written after a disk was full for a while", async () => {
    const folder = await folders.create();
    let isFull = false;
    const { log } = await DurableLog.open(
      folder,
      fullOnce(() => isFull),
    );
    await log.append(Uint8Array.of(1));
    isFull = true;
    const failed = await log.append(Uint8Array.of(2)).then(
      () => false,
      () => true,
    );
    expect(failed).equal(true);
    isFull = false;
    await log.append(Uint8Array.of(3));
    await log.close();
    const again = await DurableLog.open(folder, systemDisk);
    expect(again.records.map((record) => [...record])).deep.equal([[1], [3]]);
    expect(again.log.life).above(log.life);
    await again.log.close();
  });
});
