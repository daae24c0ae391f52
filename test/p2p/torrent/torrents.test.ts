import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { SILENT } from "../../../p2p/log.ts";
import { TorrentShelf } from "../../../p2p/torrent/shelf.ts";
import type { Progress } from "../../../p2p/torrent/swarm.ts";
import { decodeTorrent } from "../../../p2p/torrent/torrent-file.ts";
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

  async function start(options: TorrentsOptions = {}, shelf?: TorrentShelf): Promise<Torrents> {
    const modules = shelf === undefined ? { log: SILENT } : { log: SILENT, shelf };
    const torrents = new Torrents({ stallMs: 5_000, ...options }, modules);
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

  describe("with a shelf", () => {
    /** Directories of one small file each, shared by a node that keeps few torrents open. */
    async function shareMany(
      count: number,
      options: TorrentsOptions,
    ): Promise<{ root: string; seeder: Torrents; made: Awaited<ReturnType<Torrents["seed"]>>[] }> {
      const root = await newPlace();
      const seeder = await start(options, await TorrentShelf.open(root));
      const made: Awaited<ReturnType<Torrents["seed"]>>[] = [];
      for (let i = 0; i < count; i++) {
        const folder = join(root, "data", String(i));
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, "file"), `content ${i}`);
        made.push(await seeder.seed(folder));
      }
      return { root, seeder, made };
    }

    async function fetchFrom(seeder: Torrents, torrentFile: Uint8Array): Promise<string> {
      const destination = await newPlace();
      const leecher = await start({ stallMs: 20_000 });
      const { infoHash } = decodeTorrent(torrentFile);
      const peers = async () => ((await seeder.offer(infoHash)) ? [seeder.address] : []);
      await leecher.fetch({ torrentFile, peers, destination });
      return readFile(join(destination, "file"), "utf8");
    }

    it("closes what nobody uses, and opens it again when somebody asks", async () => {
      const { seeder, made } = await shareMany(3, { idleMs: 1_000 });
      await until("every torrent closed", () => seeder.stats().length === 0);
      const [, second] = made;
      if (second === undefined) throw new Error("nothing was shared");
      expect(await seeder.offer(second.infoHash)).to.equal(true);
      expect(await fetchFrom(seeder, second.torrentFile)).to.equal("content 1");
      await until("every torrent closed", () => seeder.stats().length === 0);
    });

    it("keeps few of many open, the newest", async () => {
      const { seeder, made } = await shareMany(10, { maxOpen: 3, idleMs: 60_000 });
      expect(seeder.stats().map(({ infoHash }) => infoHash)).to.deep.equal(
        made.slice(-3).map(({ infoHash }) => toHex(infoHash)),
      );
      for (const { infoHash } of made) expect(await seeder.offer(infoHash)).to.equal(true);
      expect(seeder.stats()).to.have.lengthOf(3);
    });

    it("does not close what is being fetched, and lets few fetch at a time", async () => {
      const { root, seeder, made } = await shareMany(6, {});
      const leecher = await start({ maxOpen: 2, maxFetching: 2, idleMs: 50 });
      await Promise.all(
        made.map(async ({ torrentFile, infoHash }, i) => {
          expect(await seeder.offer(infoHash)).to.equal(true);
          const destination = join(root, "fetched", String(i));
          await leecher.fetch({ torrentFile, peers: [seeder.address], destination });
          expect(await readFile(join(destination, "file"), "utf8")).to.equal(`content ${i}`);
        }),
      );
      await until("every torrent closed", () => leecher.stats().length === 0);
    });

    it("gives up a fetch that waits for its turn", async () => {
      const leecher = await start({ maxFetching: 1 });
      const { made } = await shareMany(2, {});
      const stop = new AbortController();
      const fetches = made.map(async ({ torrentFile }) =>
        leecher.fetch({
          torrentFile,
          peers: [],
          destination: await newPlace(),
          signal: stop.signal,
        }),
      );
      stop.abort(new Error("enough"));
      // All at once: one that rejects before it is awaited would end the process.
      await Promise.all(
        fetches.map((fetched) => expectCodeAsync(() => fetched, "TORRENT_CANCELLED")),
      );
    });

    it("looks for peers again while nobody has the torrent", async () => {
      const { seeder, made } = await shareMany(1, {});
      const leecher = await start({ stallMs: 20_000 });
      const destination = await newPlace();
      let asked = 0;
      await leecher.fetch({
        torrentFile: made[0]?.torrentFile ?? new Uint8Array(0),
        destination,
        peers: async () => (asked++ === 0 ? [] : [seeder.address]),
      });
      expect(asked).to.equal(2);
    }).timeout(20_000);

    it("shares a directory that many ask for at once", async () => {
      const root = await newPlace();
      const shelf = await TorrentShelf.open(root);
      const seeder = await start({}, shelf);
      const directory = join(root, "data");
      await mkdir(directory);
      await writeFile(join(directory, "file"), "content");
      const made = await Promise.all(Array.from({ length: 50 }, () => seeder.seed(directory)));
      const [first] = made;
      if (first === undefined) throw new Error("nothing was shared");
      expect(new Set(made.map(({ infoHash }) => toHex(infoHash))).size).to.equal(1);
      const elsewhere = { torrentFile: first.torrentFile, directory: join(root, "elsewhere") };
      await Promise.all(Array.from({ length: 10 }, () => shelf.put(first.infoHash, elsewhere)));
      expect((await shelf.get(first.infoHash))?.directory).to.equal(elsewhere.directory);
    });

    it("still knows after a restart what it shares, and forgets what is removed", async () => {
      const { root, seeder, made } = await shareMany(2, {});
      const [first, second] = made;
      if (first === undefined || second === undefined) throw new Error("nothing was shared");
      await seeder.stop();
      const again = await start({}, await TorrentShelf.open(root));
      expect(again.stats()).to.deep.equal([]);
      expect(await again.offer(first.infoHash)).to.equal(true);
      expect(await fetchFrom(again, first.torrentFile)).to.equal("content 0");
      await again.forget(join(root, "data", "0"));
      await until("the torrent closed", () => again.stats().length === 0);
      expect(await again.offer(first.infoHash)).to.equal(false);
      expect(await again.offer(second.infoHash)).to.equal(true);
      const left = await readdir(join(root, "torrents"));
      expect(left).to.have.lengthOf(2);
    });

    it("knows nothing of a torrent whose record is damaged", async () => {
      const { root, seeder, made } = await shareMany(1, {});
      await seeder.stop();
      const infoHash = made[0]?.infoHash ?? new Uint8Array(20);
      await writeFile(join(root, "torrents", `${toHex(infoHash)}.torrent`), "damaged");
      const again = await start({}, await TorrentShelf.open(root));
      expect(await again.offer(infoHash)).to.equal(false);
      expect(await readdir(join(root, "torrents"))).to.deep.equal([]);
    });
  });
});
