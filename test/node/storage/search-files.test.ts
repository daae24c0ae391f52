/** What searches leave on the disk: counted, promised before the first byte, and gone when no open job needs it. */
import { expect } from "chai";
import { systemDisk } from "../../../node/disk.ts";
import { runName } from "../../../node/jobs/checkpoint-keeper.ts";
import { requireRoom } from "../../../node/jobs/duty-room.ts";
import { leaseNeeds, searchNeeds } from "../../../node/jobs/search/room-needs.ts";
import { SearchedUnits } from "../../../node/jobs/search/searched-units.ts";
import { byKind } from "../../../node/storage/kinds.ts";
import { GRACE_MS, planRetention } from "../../../node/storage/retention-plan.ts";
import { storedFiles } from "../../../node/storage/stored-files.ts";
import { CountedRoom } from "../../helpers/counted-room.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const HOUR = 3_600_000;
const OPEN_JOB = new Uint8Array(32).fill(1);
const OTHER_JOB = new Uint8Array(32).fill(2);
const UNITS = 64;

describe("files of searches", () => {
  const folders = new TemporaryFolders();
  after(() => folders.removeAll());

  /** One unit at a time, which takes the most room. */
  async function search(folder: string): Promise<void> {
    const units = await SearchedUnits.open(folder, systemDisk);
    for (let unit = 0; unit < UNITS; unit++) {
      await units.put([{ unit: BigInt(unit), minNonce: 0n, running: new Uint8Array(8) }]);
      await units.claim({ from: unit, to: unit + 1 });
    }
    await units.end();
  }

  it("are counted, kept while their job is open, and removed afterwards or over the quota", async () => {
    const dataDir = await folders.create();
    for (const place of ["searches", "leases"]) {
      await search(`${dataDir}/${place}/${runName(OPEN_JOB, 1)}`);
      await search(`${dataDir}/${place}/${runName(OTHER_JOB, 3)}`);
    }
    const files = await storedFiles(dataDir);
    expect(files.map(({ kind }) => kind).sort()).deep.equal([
      "leases",
      "leases",
      "searches",
      "searches",
    ]);
    expect(files.every(({ bytes }) => bytes > 0)).equal(true);
    const needs = { needed: new Set([Buffer.from(OPEN_JOB).toString("hex")]), settled: [] };
    const planAt = (now: number, quota: number) => {
      const rule = { keepMs: 9 * HOUR, keepOtherMs: HOUR, quotaBytes: byKind(() => quota) };
      const { removals, kept } = planRetention(files, needs, rule, { now });
      return { left: removals.map(({ file, reason }) => [file.kind, file.name, reason]), kept };
    };
    const gone = runName(OTHER_JOB, 3);
    const now = Date.now();
    expect(planAt(now + 2 * GRACE_MS, 1e9).left).deep.equal([]);
    expect(planAt(now + 2 * GRACE_MS, 0).left).deep.equal([
      ["searches", gone, "over-quota"],
      ["leases", gone, "over-quota"],
    ]);
    const late = planAt(now + 2 * HOUR, 1e9);
    expect(late.left).deep.equal([
      ["searches", gone, "old"],
      ["leases", gone, "old"],
    ]);
    expect(late.kept.searches).include({ files: 1 });
    expect(late.kept.searches.neededBytes).equal(late.kept.searches.bytes).above(0);
  });

  it("have their room promised before the first byte", async () => {
    for (const needs of [searchNeeds(), leaseNeeds()]) {
      const bytes = Object.values(needs).reduce((sum, one) => sum + one, 0);
      await expectCodeAsync(() => requireRoom(new CountedRoom(bytes - 1), needs), "JOB_DISK_FULL");
      await requireRoom(new CountedRoom(bytes), needs);
    }
    const dataDir = await folders.create();
    await search(`${dataDir}/searches/${runName(OPEN_JOB, 1)}`);
    const [file] = await storedFiles(dataDir);
    const { searches = 0 } = searchNeeds();
    expect((file?.bytes ?? 0) / UNITS)
      .above(0)
      .below(searches / 65_536);
  });
});
