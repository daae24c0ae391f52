import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { type Bencoded, decode, encode, isDictionary } from "../../../p2p/torrent/bencode.ts";
import { layOut, paddingAfter, pieceLengthFor, pieceSpans } from "../../../p2p/torrent/layout.ts";
import { makeTorrent } from "../../../p2p/torrent/make-torrent.ts";
import {
  checkPath,
  decodeTorrent,
  encodeTorrent,
  MAX_TORRENT_FILE_BYTES,
} from "../../../p2p/torrent/torrent-file.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";

const KIB = 1024;

describe("torrent layout", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 300 * KIB }), { minLength: 1, maxLength: 20 });

  it("never lets a piece span two files, and covers every byte once", () => {
    fc.assert(
      fc.property(lengths, (list) => {
        const files = list.map((length, i) => ({ path: String(i), length }));
        const layout = layOut(files, 64 * KIB);
        const spans = pieceSpans(layout);
        const stored = new Map<string, number>();
        let total = 0;
        for (const span of spans) {
          expect(span.offset).to.equal(stored.get(span.path) ?? 0);
          stored.set(span.path, span.offset + span.length);
          total += span.pieceLength;
        }
        expect(total).to.equal(layout.length);
        for (const file of files) expect(stored.get(file.path) ?? 0).to.equal(file.length);
        const padding = layout.files.reduce((sum, file) => sum + paddingAfter(layout, file), 0);
        expect(layout.length - padding).to.equal(list.reduce((sum, length) => sum + length, 0));
      }),
    );
  });

  it("chooses piece lengths that cost little padding and few hashes", () => {
    expect(pieceLengthFor([1000])).to.equal(64 * KIB);
    expect(pieceLengthFor(Array(1000).fill(1024 * KIB))).to.equal(64 * KIB);
    expect(pieceLengthFor([1024 * 1024 * KIB])).to.equal(1024 * KIB);
    expect(2 ** 40 / pieceLengthFor([2 ** 40])).to.be.at.most(100_000);
  });
});

describe("torrent files", () => {
  const layout = layOut(
    [
      { path: "chunks/0.bin", length: 100 * KIB },
      { path: "manifest.json", length: 10 },
    ],
    64 * KIB,
  );
  const good = encodeTorrent(layout, new Uint8Array(60));

  /** The good torrent with its info dictionary changed. */
  function changed(change: (info: Record<string, Bencoded>) => void): Uint8Array {
    const root = decode(good);
    if (!isDictionary(root) || !isDictionary(root.info)) throw new TypeError("bad fixture");
    const info = { ...root.info };
    change(info);
    return encode({ info });
  }

  const file = (length: Bencoded, ...path: string[]): Bencoded => ({
    length,
    path: path.map((part) => Buffer.from(part)),
  });

  it("are read as they were written", () => {
    const torrent = decodeTorrent(good);
    expect(torrent.layout).to.deep.equal(layout);
    expect(torrent.infoHash).to.have.length(20);
  });

  it("are refused for paths that leave the directory or differ between systems", () => {
    const bad = [
      [".."],
      ["a", "..", "b"],
      ["/etc/passwd"],
      ["a/../../b"],
      ["a\\b"],
      ["C:"],
      [""],
      ["."],
      ["a", ""],
      ["\0"],
      ["a\nb"],
      ["x".repeat(201)],
      Array(9).fill("a"),
      [".pad", "5"],
      [],
    ];
    for (const path of bad) {
      expectCode(() => checkPath(path), "TORRENT_INVALID");
      const bytes = changed((info) => {
        info.files = [file(64 * KIB, ...path)];
        info.pieces = new Uint8Array(20);
      });
      expectCode(() => decodeTorrent(bytes), "TORRENT_INVALID");
    }
  });

  it("are refused for two files with one name, and a file that is a folder", () => {
    for (const [a, b] of [
      [["x"], ["x"]],
      [["x"], ["X"]],
      [["x"], ["x", "y"]],
    ] as const) {
      const bytes = changed((info) => {
        info.files = [file(64 * KIB, ...a), file(64 * KIB, ...b)];
        info.pieces = new Uint8Array(40);
      });
      expectCode(() => decodeTorrent(bytes), "TORRENT_INVALID");
    }
  });

  it("are refused in any but the canonical form", () => {
    const changes: ((info: Record<string, Bencoded>) => void)[] = [
      (info) => Object.assign(info, { "piece length": 100_000 }),
      (info) => Object.assign(info, { "piece length": 2 ** 30 }),
      (info) => Object.assign(info, { pieces: new Uint8Array(40) }),
      (info) => Object.assign(info, { pieces: new Uint8Array(59) }),
      (info) => Object.assign(info, { name: Buffer.from("other") }),
      (info) => Object.assign(info, { private: 0 }),
      (info) => Object.assign(info, { source: Buffer.from("x") }),
      (info) => Object.assign(info, { files: [file(-1, "a")] }),
      (info) => Object.assign(info, { files: [] }),
      (info) => delete info.files,
    ];
    for (const change of changes) {
      expectCode(() => decodeTorrent(changed(change)), "TORRENT_INVALID");
    }
    const withTracker = encode({ announce: Buffer.from("http://x"), info: decode(good) });
    expectCode(() => decodeTorrent(withTracker), "TORRENT_INVALID");
  });

  it("are refused TORRENT_TOO_LARGE before anything is read", () => {
    const huge = new Uint8Array(MAX_TORRENT_FILE_BYTES + 1);
    expectCode(() => decodeTorrent(huge), "TORRENT_TOO_LARGE");
    const terabytes = changed((info) => Object.assign(info, { files: [file(2 ** 50, "a")] }));
    expectCode(() => decodeTorrent(terabytes), "TORRENT_TOO_LARGE");
    const many = Array.from({ length: 30_000 }, (_, i) => file(0, String(i)));
    const crowded = changed((info) => Object.assign(info, { files: many }));
    expectCode(() => decodeTorrent(crowded), "TORRENT_TOO_LARGE");
  });
});

describe("makeTorrent", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "poml-torrent-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function write(name: string, files: Record<string, string>): Promise<string> {
    const root = join(directory, name);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(root, path, ".."), { recursive: true });
      await writeFile(join(root, path), content);
    }
    return root;
  }

  it("gives the same bytes for the same files, whatever their age, order and folder", async () => {
    const one = await write("one", { b: "2".repeat(70_000), "a/c": "1", empty: "" });
    const two = await write("two", { empty: "", "a/c": "1", b: "2".repeat(70_000) });
    await utimes(join(two, "b"), 1, 1);
    const [first, second] = await Promise.all([one, two].map(makeTorrent));
    expect(first).to.deep.equal(second);
    expect(first?.layout.files.map(({ path }) => path)).to.deep.equal(["a/c", "b", "empty"]);
    expect(decodeTorrent(first?.torrentFile ?? new Uint8Array(0)).infoHash).to.deep.equal(
      first?.infoHash,
    );
    await writeFile(join(two, "a/c"), "!");
    expect((await makeTorrent(two)).infoHash).not.to.deep.equal(first?.infoHash);
  });

  it("leaves symbolic links out", async () => {
    const root = await write("linked", { a: "1" });
    await symlink("/etc/hostname", join(root, "b"));
    const { layout } = await makeTorrent(root);
    expect(layout.files.map(({ path }) => path)).to.deep.equal(["a"]);
  });

  it("refuses TORRENT_UNSEEDABLE: nothing there, no bytes, impossible names", async () => {
    const empty = await write("empty", { a: "" });
    const odd = await write("odd", { "a\\b": "1" });
    for (const path of [join(directory, "gone"), empty, odd]) {
      await expectCodeAsync(() => makeTorrent(path), "TORRENT_UNSEEDABLE");
    }
  });
});
