import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { buildDataset } from "../../../ml/dataset/build.ts";
import { DatasetError } from "../../../ml/dataset/errors.ts";
import { decodeIdx, encodeIdx, type IdxFiles, importIdx } from "../../../ml/dataset/import-idx.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { fashionMnist } from "../../helpers/fashion-mnist.ts";
import { shardOfSplit } from "../../helpers/shard-of-split.ts";

const INFO = { name: "dots", licence: "CC0", source: "made here" };

function images(count: number, side = 2): Uint8Array {
  const values = Uint8Array.from({ length: count * side * side }, (_, i) => i % 256);
  return encodeIdx({ dimensions: [count, side, side], values });
}

function labels(...values: number[]): Uint8Array {
  return encodeIdx({ dimensions: [values.length], values: Uint8Array.from(values) });
}

function files(): IdxFiles {
  return {
    images: images(3),
    labels: labels(0, 1, 2),
    testImages: images(2),
    testLabels: labels(2, 0),
  };
}

describe("importIdx", () => {
  it("reads plain and gzip files into images with one channel", async () => {
    const plain = await importIdx(files(), INFO);
    const packed = await importIdx({ ...files(), images: gzipSync(images(3)) }, INFO);
    expect(plain.shape).to.deep.equal([2, 2, 1]);
    expect(plain.classes).to.deep.equal(["0", "1", "2"]);
    expect([...plain.train.labels]).to.deep.equal([0, 1, 2]);
    expect(packed).to.deep.equal(plain);
  });

  it("notes classes that have no rows, in one of the sets or in both", async () => {
    expect((await importIdx(files(), INFO)).notes).to.deep.equal([
      'Classes with training rows only: "1".',
    ]);
    const odd = { ...files(), labels: labels(0, 1, 1), testLabels: labels(0, 4) };
    expect((await importIdx(odd, INFO)).notes).to.deep.equal([
      'Classes without any row: "2", "3".',
      'Classes with test rows only: "4".',
      'Classes with training rows only: "1".',
    ]);
  });

  it("round-trips an array", () => {
    const array = { dimensions: [2, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(decodeIdx("values", encodeIdx(array))).to.deep.equal(array);
  });

  it("refuses files that are not IDX", async () => {
    const refuse = async (change: Partial<IdxFiles>): Promise<string> =>
      (await expectCodeAsync(() => importIdx({ ...files(), ...change }, INFO), "BAD_IDX")).message;
    expect(await refuse({ images: new TextEncoder().encode("label,a\n") })).to.include("00 00 08");
    expect(await refuse({ images: new Uint8Array() })).to.include("nothing");
    expect(await refuse({ images: images(3).subarray(0, 20) })).to.include("3x2x2");
    expect(await refuse({ labels: labels(0, 1) })).to.include("2 labels for 3 images");
    expect(await refuse({ labels: images(3) })).to.include("labels");
    const cut = gzipSync(images(3)).subarray(0, 25);
    await expectCodeAsync(() => importIdx({ ...files(), images: cut }, INFO), "BAD_GZIP");
  });

  it("unpacks no more than the header says, and nothing of a bomb", async () => {
    const bomb = (start: Uint8Array, size: number): Uint8Array =>
      gzipSync(Buffer.concat([start, Buffer.alloc(size)]), { level: 9 });
    const code = async (change: Partial<IdxFiles>): Promise<string> => {
      const error = await importIdx({ ...files(), ...change }, INFO).catch((cause) => cause);
      return error instanceof DatasetError ? error.code : String(error);
    };
    const header = (rows: number): Uint8Array => {
      const bytes = images(1).slice(0, 16);
      new DataView(bytes.buffer).setUint32(4, rows, false);
      return bytes;
    };
    expect(await code({ images: bomb(new Uint8Array(), 100_000_000) })).to.equal("BAD_IDX");
    expect(await code({ images: bomb(header(3), 100_000_000) })).to.equal("BAD_GZIP");
    expect(await code({ images: bomb(header(9_000_000), 36_000_000) })).to.equal("BAD_IDX");
    // 100 MB of zeros as the header promises: far more than 200 times what was sent.
    const wide = header(100_000);
    new DataView(wide.buffer).setUint32(8, 500, false);
    expect(await code({ images: bomb(wide, 100_000_000) })).to.equal("TOO_LARGE");
    expect(await code({ images: bomb(header(4_000_000_000), 1000) })).to.equal("TOO_LARGE");
  });

  it("refuses SHAPE when training and test images differ", async () => {
    await expectCodeAsync(() => importIdx({ ...files(), testImages: images(2, 3) }, INFO), "SHAPE");
  });

  it("imports the Fashion-MNIST that ships with the project", async () => {
    const source = await fashionMnist();
    const dataset = buildDataset(source, { rowsPerChunk: 500 });
    expect(dataset.manifest.train).to.have.lengthOf(24);
    expect(dataset.manifest.test).to.have.lengthOf(20);
    const shard = shardOfSplit(dataset, "train");
    const counts = new Uint32Array(10);
    const inputs = new Float32Array(shard.rowSize);
    const label = new Int32Array(1);
    for (let row = 0; row < shard.rows; row++) {
      shard.batch(Uint32Array.of(row), inputs, label);
      counts[label[0] ?? 0] = (counts[label[0] ?? 0] ?? 0) + 1;
    }
    expect([...counts]).to.deep.equal(Array(10).fill(1200));
    expect(Math.max(...inputs)).to.be.within(0.5, 1);
  });
});
