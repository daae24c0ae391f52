/** Whatever brings files of jobs to this disk asks for room first, for all that may come, and takes nothing without. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { indexOfManifest } from "../../../ml/dataset/dataset-index.ts";
import { encodeManifest } from "../../../ml/dataset/manifest.ts";
import { BlobFetcher } from "../../../node/blobs/blob-fetcher.ts";
import { blobPeersOf } from "../../../node/blobs/blob-peers.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import { CheckpointKeeper } from "../../../node/jobs/checkpoint-keeper.ts";
import { requireRoom, tellFailure } from "../../../node/jobs/duty-room.ts";
import { DatasetService } from "../../../node/jobs/train/dataset-service.ts";
import { ModelFolders } from "../../../node/jobs/train/model-folders.ts";
import { mergingNeeds, trainingNeeds } from "../../../node/jobs/train/room-needs.ts";
import { storedStateHash } from "../../../node/jobs/train/stored-state-hash.ts";
import { LaneStates } from "../../../node/rating/lane-states.ts";
import { storedFiles } from "../../../node/storage/stored-files.ts";
import { inMemory } from "../../../node/workers/blob-source.ts";
import { SILENT } from "../../../p2p/log.ts";
import { serveBlobs } from "../../../p2p/protocols/blob.ts";
import { makeTorrent } from "../../../p2p/torrent/make-torrent.ts";
import { Torrents } from "../../../p2p/torrent/torrents.ts";
import { CountedRoom } from "../../helpers/counted-room.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import { importTable } from "../../helpers/import-table.ts";
import { jobSpec, withFields } from "../../helpers/job-run.ts";
import { MemoryNetwork } from "../../helpers/memory-network.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const { signal } = new AbortController();
const PLENTY = 2 ** 40;

describe("room for files of jobs", () => {
  const folders = new TemporaryFolders();
  let dataDir: string;
  let room: CountedRoom;
  let blobs: BlobStore;
  let torrents: Torrents;

  beforeEach(async () => {
    dataDir = await folders.create();
    room = new CountedRoom(0);
    blobs = await BlobStore.open(dataDir, { room });
    torrents = new Torrents({}, { log: SILENT });
    await torrents.start();
  });
  afterEach(() => torrents.stop());
  after(() => folders.removeAll());

  const bytesHere = async (): Promise<number> =>
    (await storedFiles(dataDir)).reduce((sum, { bytes }) => sum + bytes, 0);

  const datasetService = (): DatasetService =>
    new DatasetService({ dataDir }, { blobs, torrents, room, torrentPeers: async () => [] });

  it("is asked for before a peer is: for all bytes that a blob may have", async () => {
    const network = new MemoryNetwork();
    const [me, peer] = [network.host(), network.host()];
    let asked = 0;
    const bytes = text("parameters");
    await serveBlobs(peer, async () => {
      asked += 1;
      return bytes;
    });
    me.link(peer);
    const fetcher = new BlobFetcher({ blobs, peers: blobPeersOf(me), room });
    const fetch = () => fetcher.fetch(sha256(bytes), { maxBytes: 1_000, signal });
    await expectCodeAsync(fetch, "JOB_DISK_FULL");
    expect([asked, await bytesHere()]).to.deep.equal([0, 0]);
    room.left = 1_000;
    expect(await fetch()).to.deep.equal(bytes);
    expect(room.asked.slice(1)).to.deep.equal([["blobs", 1_000]]);
    expect(room.of("blobs")).to.deep.equal({ held: 0, written: bytes.length });
  });

  it("is asked for when a blob, a model, a run or a state of a window is stored", async () => {
    await expectCodeAsync(() => blobs.put(text("update")), "JOB_DISK_FULL");
    const models = new ModelFolders({ dataDir }, { torrents, room });
    const files = {
      "model.json": text("{}"),
      "weights.bin": text("w"),
      "dataset.json": text("{}"),
    };
    await expectCodeAsync(() => models.share("ab".repeat(32), files), "JOB_DISK_FULL");
    const keeper = new CheckpointKeeper({ dataDir }, { room, stateHash: storedStateHash });
    await expectCodeAsync(() => keeper.begin(sha256(text("job")), 1, 100), "JOB_DISK_FULL");
    const states = new LaneStates({ dataDir }, room);
    const writer = await states.begin({ number: 1, mix: sha256(text("mix")) });
    if (writer === undefined) return expect.fail("the window was worked before");
    writer.put(0, 0, text("state"));
    expect(await writer.finish([[sha256(text("state"))]])).to.deep.equal([[]]);
    expect(writer.failure).to.include({ code: "JOB_DISK_FULL" });
    expect(room.asked.map(([kind]) => kind)).to.deep.equal([
      "blobs",
      "models",
      "checkpoints",
      "windows",
    ]);
  });

  it("of a run is held until its states are written, and the run fails if it is taken away", async () => {
    room.left = 100;
    const keeper = new CheckpointKeeper({ dataDir }, { room, stateHash: storedStateHash });
    const run = await keeper.begin(sha256(text("job")), 1, 100);
    run.put(1, new Uint8Array(40));
    run.put(2, new Uint8Array(40));
    room.takeAway();
    run.put(3, new Uint8Array(20));
    await expectCodeAsync(() => run.finish([]), "JOB_DISK_FULL");
    await run.discard();
    expect(room.of("checkpoints").held).to.equal(0);
    expect(await bytesHere()).to.equal(0);
  });

  it("of a download is that of the files its torrent names, whatever its manifest says", async () => {
    room.left = PLENTY;
    const datasets = datasetService();
    const id = await importTable(datasets, flowersCsv(60), { name: "f", label: "species" });
    const manifest = await datasets.manifest(id);
    const elsewhere = await folders.create();
    const large = 3 * 1024 * 1024;
    const [first] = manifest.train;
    await writeFile(join(elsewhere, first?.file ?? ""), new Uint8Array(large));
    await writeFile(join(elsewhere, "other.bin"), new Uint8Array(large));
    const { torrentFile } = await makeTorrent(elsewhere);
    await datasets.remove(id);
    room.left = large - 1 + torrentFile.length;
    const named = inMemory(encodeManifest(manifest));
    const index = indexOfManifest(manifest, named.hash, named.size);
    const order = { index, manifest: named, torrentFile };
    const fetch = () => datasets.fetch(order, { split: "train", indexes: [0] }, signal);
    await expectCodeAsync(fetch, "JOB_DISK_FULL");
    expect(room.asked.at(-1)).to.deep.equal(["datasets", large]);
    expect(torrents.stats()).to.deep.equal([]);
  });

  it("of the copy that an order by label makes is asked for before it is made", async () => {
    room.left = PLENTY;
    const datasets = datasetService();
    const id = await importTable(datasets, flowersCsv(60), { name: "f", label: "species" });
    const before = await bytesHere();
    room.left = 1_000;
    const share = () => datasets.share(id, "by-label", sha256(text("seed")));
    await expectCodeAsync(share, "JOB_DISK_FULL");
    expect(await bytesHere()).to.equal(before);
  });

  it("of a duty is looked for as a whole before its first byte, and said to be missing", async () => {
    const spec = jobSpec("job", { parameterCount: 1_000_000 });
    const participants = Array.from({ length: 8 }, (_, node) => ({
      node,
      updateHash: new Uint8Array(32).fill(node < 5 ? 1 : 0),
    }));
    const needs = trainingNeeds({ spec });
    expect(needs.blobs).to.be.within(8_000_000, 8_001_000);
    expect(needs.checkpoints).to.be.within(16 * 12_000_000, 16 * 12_000_100);
    expect(
      trainingNeeds({ spec: withFields(spec, { engine: 1 }) }).checkpoints,
      "not audited",
    ).to.equal(0);
    room.left = (needs.blobs ?? 0) + (needs.checkpoints ?? 0) - 1;
    const error = await expectCodeAsync(() => requireRoom(room, needs), "JOB_DISK_FULL");
    expect(room.of("blobs").held + room.of("checkpoints").held, "given back").to.equal(0);
    room.left += 1;
    await requireRoom(room, needs);
    const said: [string, object][] = [];
    const log = { warn: (message: string, facts: object) => said.push([message, facts]) };
    tellFailure(log as never, { what: "training failed", run: "r", error });
    tellFailure(log as never, { what: "training failed", run: "r", error: new Error("other") });
    expect(said.map(([message]) => message)).to.deep.equal([
      "work declined: no room for its files",
      "training failed",
    ]);
    expect(said[0]?.[1]).to.include({ code: "JOB_DISK_FULL", remedy: error.remedy });
    expect(mergingNeeds({ spec, participants } as never).blobs).to.be.within(
      28_000_000,
      28_010_000,
    );
  });
});
