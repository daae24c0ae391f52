import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { SILENT } from "../../../p2p/log.ts";
import type { Progress } from "../../../p2p/torrent/swarm.ts";
import { Torrents, type TorrentsOptions } from "../../../p2p/torrent/torrents.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { until } from "../support.ts";

const CHUNK_BYTES = 150_000;
const CHUNKS = 8;
const NAMES = Array.from({ length: CHUNKS }, (_, i) => `chunks/${i}.bin`);

describe("Torrents on loopback sockets", () => {
  let directory = "";
  let source = "";
  const contents = new Map<string, Uint8Array>();
  const running: Torrents[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "poml-torrents-"));
    source = join(directory, "source");
    await mkdir(join(source, "chunks"), { recursive: true });
    for (const [i, name] of NAMES.entries()) contents.set(name, randomBytes(CHUNK_BYTES + i));
    contents.set("manifest.json", Buffer.from('{"classes":10}'));
    contents.set("empty", new Uint8Array(0));
    for (const [name, bytes] of contents) await writeFile(join(source, name), bytes);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((torrents) => torrents.stop()));
  });
  after(() => rm(directory, { recursive: true }));

  async function start(options: TorrentsOptions = {}): Promise<Torrents> {
    const torrents = new Torrents({ stallMs: 5_000, ...options }, { log: SILENT });
    running.push(torrents);
    await torrents.start();
    return torrents;
  }

  const newPlace = (): Promise<string> => mkdtemp(join(directory, "place-"));

  async function expectSame(place: string, names: Iterable<string>): Promise<void> {
    for (const name of names) {
      const bytes = await readFile(join(place, name));
      expect(bytes.equals(contents.get(name) ?? new Uint8Array(1)), name).to.equal(true);
    }
  }

  it("brings all files of a torrent, empty ones too", async () => {
    const seeder = await start();
    const leecher = await start();
    const { torrentFile, infoHash } = await seeder.seed(source);
    const destination = await newPlace();
    const progress: Progress[] = [];
    const fetched = await leecher.fetch({
      torrentFile,
      peers: [seeder.address],
      destination,
      onProgress: (step) => progress.push(step),
    });
    expect(fetched).to.deep.equal({ infoHash, directory: destination });
    await expectSame(destination, contents.keys());
    const total = [...contents.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    expect(progress[0]).to.include({ downloaded: 0, total });
    expect(progress.at(-1)).to.include({ downloaded: total, total });
  });

  it("brings the chosen files and downloads nothing else", async () => {
    const seeder = await start();
    const leecher = await start();
    const made = await seeder.seed(source);
    const destination = await newPlace();
    const files = ["chunks/2.bin", "chunks/5.bin"];
    const peers = [seeder.address];
    await leecher.fetch({ torrentFile: made.torrentFile, files, peers, destination });

    await expectSame(destination, files);
    const present = await readdir(join(destination, "chunks"));
    expect(present.sort()).to.deep.equal(["2.bin", "5.bin"]);
    const [stats] = leecher.stats();
    const piecesPerChunk = Math.ceil(CHUNK_BYTES / made.layout.pieceLength);
    expect(stats?.piecesHeld).to.equal(2 * piecesPerChunk);
    // Whole pieces and a little protocol; far from a third chunk.
    const payload = 2 * piecesPerChunk * made.layout.pieceLength;
    expect(stats?.downloaded).to.be.within(2 * CHUNK_BYTES, payload + 20_000);
    // A peer that wants nothing more stays connected and still takes nothing.
    expect(seeder.stats()[0]?.uploaded).to.be.at.most(payload + 20_000);
  });

  it("takes more files of a torrent later, from whoever has them", async () => {
    const seeder = await start();
    const middle = await start();
    const last = await start();
    const { torrentFile } = await seeder.seed(source);
    const place = await newPlace();
    const peers = [seeder.address];
    for (const files of [["chunks/0.bin"], ["chunks/0.bin", "chunks/1.bin"]]) {
      await middle.fetch({ torrentFile, files, peers, destination: place });
    }
    await seeder.stop();

    const destination = await newPlace();
    const files = ["chunks/0.bin", "chunks/1.bin"];
    await last.fetch({ torrentFile, files, peers: [middle.address], destination });
    await expectSame(destination, files);
  });

  it("combines three peers that each hold a part", async () => {
    const seeder = await start();
    const { torrentFile } = await seeder.seed(source);
    const halves = [NAMES.slice(0, 4), NAMES.slice(4)];
    const holders = await Promise.all(
      halves.map(async (files) => {
        const holder = await start();
        const destination = await newPlace();
        await holder.fetch({ torrentFile, files, peers: [seeder.address], destination });
        return holder;
      }),
    );
    await seeder.stop();
    const leecher = await start();
    const destination = await newPlace();
    await leecher.fetch({
      torrentFile,
      files: NAMES,
      peers: holders.map(({ address }) => address),
      destination,
    });
    await expectSame(destination, NAMES);
    for (const holder of holders) {
      expect(holder.stats()[0]?.uploaded).to.be.greaterThan(3 * CHUNK_BYTES);
    }
  });

  it("keeps verified files over a restart and mends damaged ones", async () => {
    const seeder = await start();
    const { torrentFile } = await seeder.seed(source);
    const destination = await newPlace();
    const peers = [seeder.address];
    const request = { torrentFile, files: NAMES.slice(0, 4), peers, destination };
    const first = await start();
    await first.fetch(request);
    await first.stop();
    const damaged = await readFile(join(destination, "chunks/1.bin"));
    damaged[70_000] = (damaged[70_000] ?? 0) ^ 1;
    await writeFile(join(destination, "chunks/1.bin"), damaged);

    const second = await start();
    await second.fetch(request);
    await expectSame(destination, request.files);
    // One piece of one file.
    expect(second.stats()[0]?.downloaded).to.be.within(1, CHUNK_BYTES);
  });

  it("waits for a peer that comes late", async () => {
    const absent = await start();
    const { port } = absent;
    await absent.stop();
    const leecher = await start({ stallMs: 15_000 });
    const maker = await start();
    const { torrentFile } = await maker.seed(source);
    await maker.stop();
    const destination = await newPlace();
    const files = ["manifest.json"];
    const fetched = leecher.fetch({
      torrentFile,
      files,
      peers: [`127.0.0.1:${port}`],
      destination,
    });
    const late = await start({ port });
    await late.seed(source);
    await fetched;
    await expectSame(destination, files);
  });

  it("throws TORRENT_STALLED when nobody has the files", async () => {
    const maker = await start();
    const { torrentFile, infoHash } = await maker.seed(source);
    await maker.stop();
    const leecher = await start({ stallMs: 200 });
    const destination = await newPlace();
    const error = await expectCodeAsync(
      () => leecher.fetch({ torrentFile, peers: ["127.0.0.1:9"], destination }),
      "TORRENT_STALLED",
    );
    expect(error.facts).to.include({ infoHash: toHex(infoHash), peers: 0 });
    expect(error.remedy).to.include("torrent port");
  });

  it("can be cancelled", async () => {
    const maker = await start();
    const { torrentFile } = await maker.seed(source);
    await maker.stop();
    const leecher = await start();
    const control = new AbortController();
    const destination = await newPlace();
    const fetched = leecher.fetch({
      torrentFile,
      peers: [],
      destination,
      signal: control.signal,
    });
    await until("the torrent to be known", () => leecher.stats().length === 1);
    control.abort();
    await expectCodeAsync(() => fetched, "TORRENT_CANCELLED");
  });

  it("ends a fetch when it is stopped", async () => {
    const maker = await start();
    const { torrentFile } = await maker.seed(source);
    await maker.stop();
    const leecher = await start();
    const destination = await newPlace();
    const fetched = leecher.fetch({ torrentFile, peers: [], destination });
    await until("the torrent to be known", () => leecher.stats().length === 1);
    await Promise.all([leecher.stop(), expectCodeAsync(() => fetched, "TORRENT_FAILED")]);
  });

  it("throws TORRENT_FAILED when the destination cannot be written", async () => {
    const seeder = await start();
    const leecher = await start();
    const { torrentFile } = await seeder.seed(source);
    const destination = join(await newPlace(), "file");
    await writeFile(destination, "not a folder");
    const peers = [seeder.address];
    const error = await expectCodeAsync(
      () => leecher.fetch({ torrentFile, files: ["manifest.json"], peers, destination }),
      "TORRENT_FAILED",
    );
    expect(error.remedy).to.include("destination");
  });

  it("refuses files the torrent does not have, and damaged torrent files", async () => {
    const torrents = await start();
    const { torrentFile } = await torrents.seed(source);
    const destination = await newPlace();
    const request = { torrentFile, peers: [], destination };
    await expectCodeAsync(
      () => torrents.fetch({ ...request, files: ["chunks/99.bin"] }),
      "TORRENT_UNKNOWN_FILE",
    );
    await expectCodeAsync(
      () => torrents.fetch({ ...request, torrentFile: torrentFile.subarray(1) }),
      "TORRENT_INVALID",
    );
  });

  it("finds at once, in their own place, the files it shares itself", async () => {
    const torrents = await start();
    const { torrentFile, infoHash } = await torrents.seed(source);
    await torrents.seed(source);
    const fetched = await torrents.fetch({ torrentFile, peers: [], destination: "/nowhere" });
    expect(fetched).to.deep.equal({ infoHash, directory: source });
  });

  it("listens on loopback unless told otherwise", async () => {
    const torrents = await start();
    expect(torrents.address).to.equal(`127.0.0.1:${torrents.port}`);
  });

  it("refuses TORRENT_PORT_IN_USE by name", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const error = await expectCodeAsync(() => start({ port }), "TORRENT_PORT_IN_USE");
    expect(error.message).to.include(`127.0.0.1:${port}`);
    await new Promise((resolve) => server.close(resolve));
  });
});
