import { expect } from "chai";
import { buildDataset } from "../../../ml/dataset/build.ts";
import { importCsv } from "../../../ml/dataset/import-csv.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { shardOfSplit } from "../../helpers/shard-of-split.ts";

const OPTIONS = { name: "table" };

/** Two numeric columns, one text column, two classes; `rows` rows. */
function table(rows: number, header = "size,weight,colour,label"): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const even = i % 2 === 0;
    return `${i / 2},${even ? 10 : 20},${even ? "red" : "blue"},${even ? "apple" : "plum"}`;
  });
  return [header, ...lines].join("\n");
}

describe("importCsv", () => {
  it("standardises numbers over the training rows and makes texts one-hot", () => {
    const { dataset, notes } = importCsv(table(40), OPTIONS);
    expect(notes.join(" ")).to.include('label is column "label"').and.not.include("left out");
    expect(dataset.shape).to.deep.equal([4]);
    expect(dataset.classes).to.deep.equal(["apple", "plum"]);
    expect(dataset.columns.map((column) => column.name)).to.deep.equal([
      "size",
      "weight",
      "colour",
    ]);
    expect(dataset.train.labels).to.have.lengthOf(32);
    expect(dataset.test.labels).to.have.lengthOf(8);
    const { features } = dataset.train;
    const sizes = Array.from({ length: 32 }, (_, row) => features[row * 4] ?? Number.NaN);
    const mean = sizes.reduce((sum, value) => sum + value, 0) / 32;
    const variance = sizes.reduce((sum, value) => sum + value * value, 0) / 32;
    expect(mean).to.be.closeTo(0, 1e-6);
    expect(variance).to.be.closeTo(1, 1e-5);
    // An apple is red (second category in code-unit order) and light.
    expect(dataset.train.labels[0]).to.equal(0);
    expect([...features.subarray(1, 4)]).to.deep.equal([-1, 0, 1]);
  });

  it("splits every class by the same share, the same way each time", () => {
    const first = importCsv(table(100), { ...OPTIONS, testShare: 0.3 }).dataset;
    const again = importCsv(table(100), { ...OPTIONS, testShare: 0.3 }).dataset;
    expect(first.test.labels.filter((label) => label === 0)).to.have.lengthOf(15);
    expect(first.test.labels.filter((label) => label === 1)).to.have.lengthOf(15);
    expect(first.test.features).to.deep.equal(again.test.features);
  });

  it("reads quotes, CRLF, semicolons, a byte order mark and a label column without a header", () => {
    const lines = ['1;"a ""b""\r\nc";yes', "2;d;no", "3;d;yes", '4;"a ""b""\r\nc";no'];
    const { dataset } = importCsv(`\ufeff${lines.join("\r\n")}\r\n`, { ...OPTIONS, label: -1 });
    expect(dataset.classes).to.deep.equal(["no", "yes"]);
    const [, category] = dataset.columns;
    expect(category).to.deep.include({ kind: "category", values: ['a "b"\r\nc', "d"] });
  });

  it("puts missing numbers at the mean and leaves rows without a label out", () => {
    const text = "x,z,class\n1,?,a\n,5,b\n3,7,\n5,9,a\n7,NA,b\n9,1,a\n9,1,b";
    const { dataset, notes } = importCsv(text, OPTIONS);
    expect(dataset.train.labels.length + dataset.test.labels.length).to.equal(6);
    expect(notes).to.include(
      'Column "x": 1 of 6 values are missing (empty); the mean of the training rows stands in.',
    );
    expect(notes.join(" ")).to.include("1 row (line 4) was left out because the label is missing");
    expect([...dataset.train.features, ...dataset.test.features].every(Number.isFinite)).to.equal(
      true,
    );
  });

  it("leaves out row numbers, constants and free text, with notes", () => {
    const lines = Array.from({ length: 50 }, (_, i) => `${i + 1},7,name ${i},${i * i},${i % 2}`);
    const { dataset, notes } = importCsv(["Id,k,name,x,y", ...lines].join("\n"), OPTIONS);
    expect(dataset.shape).to.deep.equal([1]);
    const told = notes.filter((note) => note.includes("left out"));
    expect(told).to.have.lengthOf(3);
    expect(told.join(" "))
      .to.include("numbers the rows")
      .and.include("same number")
      .and.include("32");
    expect(dataset.table?.leftOut.map(({ name }) => name)).to.deep.equal(["Id", "k", "name"]);
  });

  it("keeps pixels as bytes when a shape is given", () => {
    const lines = Array.from({ length: 20 }, (_, i) => `${i % 2},0,${i * 12},255,128`);
    const { dataset } = importCsv(["label,1,2,3,4", ...lines].join("\n"), {
      ...OPTIONS,
      shape: [2, 2, 1],
    });
    expect(dataset.train.features).to.be.instanceOf(Uint8Array);
    expect(dataset.shape).to.deep.equal([2, 2, 1]);
    const shard = shardOfSplit(buildDataset(dataset), "train");
    const inputs = new Float32Array(4);
    shard.batch(Uint32Array.of(0), inputs, new Int32Array(1));
    expect(inputs[0]).to.equal(0);
    expect(inputs[2]).to.equal(1);
  });

  it("takes a numeric label column and orders the classes by number", () => {
    const lines = Array.from({ length: 24 }, (_, i) => `${i},${[10, 9, 2][i % 3]}`);
    expect(importCsv(["x,target", ...lines].join("\n"), OPTIONS).dataset.classes).to.deep.equal([
      "2",
      "9",
      "10",
    ]);
  });

  describe("refuses", () => {
    it("NO_LABELS with the columns found", () => {
      const error = expectCode(() => importCsv("a,b\n1,2\n3,4", OPTIONS), "NO_LABELS");
      expect(error.message).to.include('"a", "b"');
      expect(error.remedy).to.include("label");
    });

    it("UNKNOWN_COLUMN", () => {
      expectCode(() => importCsv(table(9), { ...OPTIONS, label: "kind" }), "UNKNOWN_COLUMN");
      expectCode(() => importCsv(table(9), { ...OPTIONS, label: 4 }), "UNKNOWN_COLUMN");
    });

    it("RAGGED_ROW with the line", () => {
      const error = expectCode(() => importCsv("a,label\n1,x\n\n2,y,9\n", OPTIONS), "RAGGED_ROW");
      expect(error.facts).to.deep.include({ line: 4, expected: 2, actual: 3 });
    });

    it("NOT_NUMERIC with line, column and value", () => {
      const text = table(30).replace("\n2.5,", "\ntwo,");
      const error = expectCode(() => importCsv(text, OPTIONS), "NOT_NUMERIC");
      expect(error.facts).to.deep.include({ line: 7, column: "size", value: "two" });
    });

    it("OPEN_QUOTE", () => {
      expectCode(() => importCsv('a,label\n"1,x\n2,y', OPTIONS), "OPEN_QUOTE");
    });

    it("EMPTY", () => {
      expectCode(() => importCsv("", OPTIONS), "EMPTY");
      expectCode(() => importCsv("a,label\n", OPTIONS), "EMPTY");
      expectCode(() => importCsv("a,label\n1,x\n1,y", OPTIONS), "EMPTY");
    });

    it("NOT_CLASSES for measurements", () => {
      const lines = Array.from({ length: 60 }, (_, i) => `${i},${i * 1.5}`);
      expectCode(() => importCsv(["x,y", ...lines].join("\n"), OPTIONS), "NOT_CLASSES");
    });

    it("SHAPE", () => {
      expectCode(() => importCsv("a,label\n1,x\n2,y", { ...OPTIONS, shape: [2, 2] }), "SHAPE");
    });

    it("ONE_CLASS when it is built", () => {
      const text = table(20).replaceAll("plum", "apple");
      expectCode(() => buildDataset(importCsv(text, OPTIONS).dataset), "ONE_CLASS");
    });
  });
});
