import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import { DatasetService } from "../../../node/jobs/train/dataset-service.ts";
import { ModelFolders } from "../../../node/jobs/train/model-folders.ts";
import { Deletions, readDeletions } from "../../../node/storage/deletions.ts";
import { byKind, STORAGE_KINDS } from "../../../node/storage/kinds.ts";
import { Retention } from "../../../node/storage/retention.ts";
import type { StoredFile } from "../../../node/storage/retention-plan.ts";
import { storedFiles } from "../../../node/storage/stored-files.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { SILENT } from "../../../p2p/log.ts";
import { TorrentShelf } from "../../../p2p/torrent/shelf.ts";
import { Torrents } from "../../../p2p/torrent/torrents.ts";
import { TestChain } from "../../helpers/chain.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import { importTable } from "../../helpers/import-table.ts";
import { jobOf, jobSpec, nextStep, openJob } from "../../helpers/job-run.ts";
import { viewOf } from "../../helpers/settled-jobs.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const HOUR = 3_600_000;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("Retention", () => {
  const folders = new TemporaryFolders();
  const running: Torrents[] = [];

  afterEach(async () => {
    await Promise.all(running.splice(0).map((torrents) => torrents.stop()));
    await folders.removeAll();
  });

  /** A node's disk beside a chain, both a while old. */
  async function open(quotaBytes: number) {
    const dataDir = await folders.create();
    const shelf = await TorrentShelf.open(dataDir);
    const torrents = new Torrents({}, { log: SILENT, shelf });
    running.push(torrents);
    await torrents.start();
    const blobs = await BlobStore.open(dataDir);
    const datasets = new DatasetService(
      { dataDir },
      { blobs, torrents, torrentPeers: async () => [] },
    );
    const models = new ModelFolders({ dataDir }, { torrents });
    const chain = new TestChain();
    let nowMs = Date.now();
    const counts: Record<string, number>[] = [];
    const rule = {
      keepMs: 100 * HOUR,
      keepOtherMs: 10 * HOUR,
      quotaBytes: byKind(() => quotaBytes),
    };
    const retention = new Retention(
      { dataDir, rule },
      {
        chain: viewOf(chain),
        disk: { beginCount: () => (bytes) => counts.push({ ...bytes }) },
        deletions: await Deletions.open(dataDir),
        log: createLog("silent"),
        now: () => nowMs,
      },
    );
    retention.removeWith({
      blobs: ({ name }) => blobs.removeNamed(name),
      datasets: ({ name }) => datasets.remove(name),
      models: ({ name }) => models.remove(name),
      torrents: ({ name }) => torrents.unshare(name),
    });
    const inDatasets = async (): Promise<StoredFile[]> =>
      (await storedFiles(dataDir)).filter(({ kind }) => kind === "datasets");
    const pass = (hours: number): void => {
      nowMs += hours * HOUR;
    };
    return {
      dataDir,
      torrents,
      blobs,
      datasets,
      models,
      chain,
      retention,
      pass,
      counts,
      inDatasets,
    };
  }

  it("keeps all files of an open job, and of a settled one those that its client fetches", async () => {
    const { dataDir, blobs, models, torrents, chain, retention, pass } = await open(1e9);
    const names = ["model", "initial parameters", "dataset", "torrent"];
    // What the job-run helper names in its orders, updates and records.
    const rounds = [1, 2, 3, 4, 5].map((round) => `model after ${round}`);
    for (const name of [...names, ...rounds, "update 1 0"]) await blobs.put(text(name));
    const present = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const name of [...names, ...rounds, "update 1 0"]) {
        if (await blobs.has(sha256(text(name)))) found.push(name);
      }
      return found;
    };
    const opened = openJob(chain, chain.client, jobSpec("job"));
    chain.advance(opened);
    while (phaseOf(jobOf(chain, opened)) !== "revealing") {
      chain.advance(...nextStep(chain, jobOf(chain, opened)));
    }
    pass(1);
    await retention.sweep();
    expect(await present()).to.have.lengthOf(10);
    pass(9.1);
    await retention.sweep();
    const { participants } = jobOf(chain, opened);
    const isNodeZero = participants.some(({ node }) => node === 0);
    expect(await present()).to.deep.equal([...names, ...(isNodeZero ? ["update 1 0"] : [])]);

    while (phaseOf(jobOf(chain, opened)) !== "settled") {
      chain.advance(...nextStep(chain, jobOf(chain, opened)));
    }
    await blobs.put(text("model after 5"));
    const job = toHex(jobOf(chain, opened).id);
    await models.share(job, {
      "model.json": text("{}"),
      "weights.bin": text("w"),
      "dataset.json": text("{}"),
    });
    pass(20);
    await retention.sweep();
    expect(await present()).to.deep.equal(["model", "dataset", "torrent", "model after 5"]);
    expect(models.isShared(job)).to.equal(true);
    pass(100.1);
    await retention.sweep();
    expect(await present()).to.deep.equal([]);
    expect(models.isShared(job)).to.equal(false);
    expect(torrents.stats()).to.deep.equal([]);
    expect(await readdir(join(dataDir, "models"))).to.deep.equal([]);
    expect(await readdir(join(dataDir, "torrents"))).to.deep.equal([]);
  });

  it("never removes an imported dataset, but the copies that orders made of it", async () => {
    const { dataDir, datasets, retention, pass, counts, inDatasets } = await open(0);
    const table = { name: "flowers", label: "species" };
    const id = await importTable(datasets, flowersCsv(60), table);
    await datasets.share(id, "by-label", sha256(text("seed")));
    const before = (await inDatasets()).map(({ name }) => name);
    expect(before).to.have.lengthOf(2);
    expect((await datasets.list()).map((one) => one.id)).to.deep.equal([id]);
    await retention.sweep();
    expect(await inDatasets(), "an order may come any moment").to.have.lengthOf(2);
    pass(1);
    const { kept } = await retention.sweep();
    expect((await inDatasets()).map(({ name }) => name)).to.deep.equal([id]);
    expect(kept.datasets.bytes).to.be.greaterThan(0);
    expect(counts.at(-1)?.datasets).to.equal(kept.datasets.bytes);
    const deleted = await readDeletions(dataDir);
    expect(deleted.map(({ kind, reason }) => `${kind} ${reason}`)).to.include(
      "datasets over-quota",
    );
    expect(await readdir(join(dataDir, "torrents"))).to.deep.equal([]);
  });

  it("removes what interrupted writes left, and restarts the time of a blob that is stored again", async () => {
    const { dataDir, blobs, retention, pass } = await open(1e9);
    await writeFile(join(dataDir, "blobs", "abc.1234.part"), "half");
    const hash = await blobs.put(text("again"));
    const long = new Date(Date.now() - 50 * HOUR);
    for (const name of await readdir(join(dataDir, "blobs"))) {
      await utimes(join(dataDir, "blobs", name), long, long);
    }
    await blobs.put(text("again"));
    expect((await stat(join(dataDir, "blobs", toHex(hash)))).mtimeMs).to.be.greaterThan(
      Date.now() - HOUR,
    );
    await retention.sweep();
    expect(await readdir(join(dataDir, "blobs"))).to.deep.equal([toHex(hash)]);
    pass(10.1);
    await retention.sweep();
    expect(await readdir(join(dataDir, "blobs"))).to.deep.equal([]);
  });

  it("has no trouble with folders that do not exist yet, or were never ours", async () => {
    const { dataDir, retention, pass } = await open(0);
    await mkdir(join(dataDir, "models", "something else"), { recursive: true });
    pass(1000);
    const { removals, kept } = await retention.sweep();
    expect(removals).to.deep.equal([]);
    expect(Object.values(kept).map(({ files, bytes }) => files + bytes)).to.deep.equal(
      STORAGE_KINDS.map(() => 0),
    );
    expect(await readDeletions(dataDir)).to.deep.equal([]);
    expect(await readdir(join(dataDir, "models"))).to.deep.equal(["something else"]);
  });

  it("continues where a file cannot be removed, and still counts that file", async () => {
    const { dataDir, blobs, retention, pass, counts } = await open(1e9);
    const [stuck, other] = [await blobs.put(text("stuck")), await blobs.put(text("other one"))];
    retention.removeWith({
      blobs: async ({ name }) => {
        if (name === toHex(stuck)) throw new Error("not permitted");
        await blobs.removeNamed(name);
      },
    });
    pass(11);
    const { removals, kept } = await retention.sweep();
    expect(await readdir(join(dataDir, "blobs"))).to.deep.equal([toHex(stuck)]);
    expect(removals.map(({ file }) => file.name)).to.deep.equal([toHex(other)]);
    expect(kept.blobs).to.include({ files: 1, bytes: 5 });
    expect(counts.at(-1)?.blobs).to.equal(5);
    expect((await readDeletions(dataDir)).map(({ name }) => name)).to.deep.equal([toHex(other)]);
  });

  it("takes a folder that cannot be read for no empty one", async () => {
    const { dataDir, blobs, retention, pass } = await open(1e9);
    await blobs.put(text("old"));
    // For root every folder can be read, so there is something else in its place.
    await writeFile(join(dataDir, "datasets"), "");
    pass(11);
    const error: unknown = await retention.sweep().catch((reason: unknown) => reason);
    expect(String(error)).to.include("ENOTDIR");
    expect(await readdir(join(dataDir, "blobs"))).to.have.lengthOf(1);
  });
});
