import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import {
  buildDataset,
  type Dataset,
  reorderDataset,
  shardOfChunks,
} from "../../../ml/dataset/build.ts";
import { decodeChunk } from "../../../ml/dataset/chunk.ts";
import {
  datasetId,
  decodeManifest,
  encodeManifest,
  type Manifest,
  parseManifest,
} from "../../../ml/dataset/manifest.ts";
import type { Rows } from "../../../ml/dataset/rows.ts";
import { readChunk, readDataset, readManifest, writeDataset } from "../../../ml/dataset/store.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";
import { shardOfSplit } from "../../helpers/shard-of-split.ts";

function rows(count: number, kind: "uint8" | "float32" = "uint8", classes = 3): Rows {
  const values = Array.from({ length: count * 4 }, (_, i) => i % 251);
  return {
    rowSize: 4,
    features: kind === "uint8" ? Uint8Array.from(values) : Float32Array.from(values),
    labels: Uint16Array.from({ length: count }, (_, i) => i % classes),
  };
}

function dataset(kind: "uint8" | "float32" = "uint8"): Dataset {
  return buildDataset(
    {
      name: "small",
      licence: "CC0",
      source: "made here",
      scale: kind === "uint8" ? 1 / 255 : 1,
      shape: [2, 2, 1],
      columns: [],
      classes: ["a", "b", "c"],
      train: rows(50, kind),
      test: rows(7, kind),
    },
    { rowsPerChunk: 8 },
  );
}

function firstChunk(of: Dataset): { manifest: Manifest; bytes: Uint8Array } {
  const bytes = of.chunks.get("train-00000.bin");
  return { manifest: of.manifest, bytes: bytes ?? expect.fail("no first chunk") };
}

/** The manifest with the hash of `bytes` in place of the first chunk's: a chunk made wrong on purpose. */
function forged(manifest: Manifest, bytes: Uint8Array): Manifest {
  const [first, ...rest] = manifest.train;
  const hash = toHex(sha256(bytes));
  return parseManifest({
    ...manifest,
    train: [{ ...first, bytes: bytes.length, sha256: hash }, ...rest],
  });
}

function decodeFirst(manifest: Manifest, bytes: Uint8Array): Rows {
  return decodeChunk(manifest, manifest.train[0] ?? expect.fail("no chunk"), bytes);
}

describe("dataset", () => {
  for (const kind of ["uint8", "float32"] as const) {
    it(`cuts ${kind} rows into chunks and reads them back as a shard`, () => {
      const built = dataset(kind);
      expect(built.manifest.train.map((chunk) => chunk.rows)).to.deep.equal([8, 8, 8, 8, 8, 8, 2]);
      const shard = shardOfSplit(built, "test");
      expect([shard.rows, shard.rowSize, shard.classes]).to.deep.equal([7, 4, 3]);
      const inputs = new Float32Array(8);
      const labels = new Int32Array(2);
      shard.batch(Uint32Array.of(6, 1), inputs, labels);
      const scale = kind === "uint8" ? Math.fround(1 / 255) : 1;
      const expected = [24, 25, 26, 27, 4, 5, 6, 7].map((value) => Math.fround(value * scale));
      expect([...inputs]).to.deep.equal(expected);
      expect([...labels]).to.deep.equal([0, 1]);
    });
  }

  it("reads rows across parts of different sizes", () => {
    const built = dataset();
    const parts = [6, 0].map((index) => {
      const chunk = built.manifest.train[index] ?? expect.fail("no chunk");
      return decodeChunk(built.manifest, chunk, built.chunks.get(chunk.file) ?? new Uint8Array());
    });
    const shard = shardOfChunks(built.manifest, parts);
    expect(shard.rows).to.equal(10);
    const labels = new Int32Array(10);
    shard.batch(
      Uint32Array.from({ length: 10 }, (_, i) => i),
      new Float32Array(40),
      labels,
    );
    expect([...labels]).to.deep.equal(parts.flatMap((part) => [...part.labels]));
    expect(() => shard.batch(Uint32Array.of(10), new Float32Array(4), labels)).to.throw(RangeError);
  });

  it("gives the same id for the same data and another for another order", () => {
    const seed = new Uint8Array(32);
    const sorted = reorderDataset(dataset(), "by-label", seed);
    expect(datasetId(dataset().manifest)).to.equal(datasetId(dataset().manifest));
    expect(datasetId(sorted.manifest)).not.to.equal(datasetId(dataset().manifest));
    const shard = shardOfSplit(sorted, "train");
    const labels = new Int32Array(50);
    shard.batch(
      Uint32Array.from(labels, (_, i) => i),
      new Float32Array(200),
      labels,
    );
    expect([...labels]).to.deep.equal([...labels].sort());
  });

  it("takes 16-bit labels for more than 256 classes", () => {
    const train = { ...rows(600, "uint8", 300) };
    const classes = Array.from({ length: 300 }, (_, i) => `c${i}`);
    const facts = {
      name: "wide",
      licence: "",
      source: "",
      scale: 1,
      shape: [4],
      columns: [],
      classes,
    };
    const built = buildDataset({ ...facts, train, test: train }, { order: "as-given" });
    const { manifest, bytes } = firstChunk(built);
    expect([...decodeFirst(manifest, bytes).labels.slice(0, 3)]).to.deep.equal([0, 1, 2]);
    const labels = new Int32Array(1);
    shardOfSplit(built, "train").batch(Uint32Array.of(299), new Float32Array(4), labels);
    expect(labels[0]).to.equal(299);
  });

  describe("decodeChunk refuses", () => {
    it("CHUNK_SIZE and CHUNK_HASH before anything else", () => {
      const { manifest, bytes } = firstChunk(dataset());
      expectCode(() => decodeFirst(manifest, bytes.subarray(1)), "CHUNK_SIZE");
      const changed = Uint8Array.from(bytes);
      changed[20] = 77;
      expectCode(() => decodeFirst(manifest, changed), "CHUNK_HASH");
    });

    it("CHUNK_FORMAT for chunks that were made wrong", () => {
      const { manifest, bytes } = firstChunk(dataset());
      const at = (position: number, value: number): void => {
        const changed = Uint8Array.from(bytes);
        changed[position] = value;
        expectCode(() => decodeFirst(forged(manifest, changed), changed), "CHUNK_FORMAT");
      };
      for (const position of [0, 4, 5, 6, 8, 12]) at(position, 99);
      at(bytes.length - 1, 3);
      const longer = new Uint8Array(bytes.length + 1);
      expectCode(() => decodeFirst(forged(manifest, longer), longer), "CHUNK_FORMAT");
    });

    it("CHUNK_FORMAT for features that are not finite", () => {
      const { manifest, bytes } = firstChunk(dataset("float32"));
      const changed = Uint8Array.from(bytes);
      new DataView(changed.buffer).setFloat32(16 + 12, Number.NaN, true);
      const error = expectCode(
        () => decodeFirst(forged(manifest, changed), changed),
        "CHUNK_FORMAT",
      );
      expect(error.message).to.include("finite");
    });

    it("arbitrary bytes without crashing", () => {
      const { manifest } = firstChunk(dataset());
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
          if (bytes.length > 0) {
            expectCode(() => decodeFirst(forged(manifest, bytes), bytes), "CHUNK_FORMAT");
          }
        }),
      );
    });
  });

  describe("manifest", () => {
    it("round-trips and does not depend on the order of keys", () => {
      const { manifest } = dataset();
      expect(decodeManifest(encodeManifest(manifest))).to.deep.equal(manifest);
      const reversed = Object.fromEntries(Object.entries(manifest).reverse());
      expect(datasetId(parseManifest(reversed))).to.equal(datasetId(manifest));
    });

    it("refuses BAD_MANIFEST and names the field", () => {
      const { manifest } = dataset();
      const field = (change: object): string => {
        const error = expectCode(() => parseManifest({ ...manifest, ...change }), "BAD_MANIFEST");
        return error.message;
      };
      const [chunk] = manifest.train;
      expect(field({ scale: -1 })).to.include("field scale");
      expect(field({ classes: ["a"] })).to.include("field classes");
      expect(field({ extra: 1 })).to.include("extra");
      expect(field({ train: [{ ...chunk, file: "../x.bin" }] })).to.include("train.0.file");
      expect(field({ train: [{ ...chunk, rows: 1e8 }] })).to.include("train.0.rows");
      expect(field({ train: [chunk, chunk] })).to.include("same file name");
      expectCode(() => decodeManifest(new TextEncoder().encode("{")), "BAD_MANIFEST");
      expectCode(() => parseManifest(null), "BAD_MANIFEST");
      expectCode(() => parseManifest({ ...manifest, shape: [1e5, 1e5] }), "TOO_LARGE");
    });
  });

  describe("on disk", () => {
    let folder = "";
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "poml-dataset-"));
    });
    afterEach(async () => {
      await rm(folder, { recursive: true });
    });

    it("is read as it was written", async () => {
      const built = dataset();
      await writeDataset(folder, built);
      const { manifest, chunks } = await readDataset(folder);
      expect(manifest).to.deep.equal(built.manifest);
      expect([...chunks.keys()]).to.deep.equal([...built.chunks.keys()]);
    });

    it("is refused when a file is missing, short or changed", async () => {
      const { manifest } = dataset();
      await expectCodeAsync(() => readManifest(folder), "MISSING_FILE");
      await writeDataset(folder, dataset());
      const [first, second, third] = manifest.train;
      if (first === undefined || second === undefined || third === undefined) return expect.fail();
      await rm(join(folder, first.file));
      await truncate(join(folder, second.file), 3);
      await writeFile(join(folder, third.file), new Uint8Array(third.bytes));
      await expectCodeAsync(() => readChunk(folder, first), "MISSING_FILE");
      await expectCodeAsync(() => readChunk(folder, second), "CHUNK_SIZE");
      await expectCodeAsync(() => readChunk(folder, third), "CHUNK_HASH");
    });
  });
});
