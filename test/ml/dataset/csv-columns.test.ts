/** What columns become: nothing is rounded, guessed, filled or left out without a word. */

import { expect } from "chai";
import { buildDataset } from "../../../ml/dataset/build.ts";
import { type CsvImport, importCsv } from "../../../ml/dataset/import-csv.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { shardOfSplit } from "../../helpers/shard-of-split.ts";

const NAME = { name: "table" };

function table(header: string, count: number, lineOf: (i: number) => string): string {
  return [header, ...Array.from({ length: count }, (_, i) => lineOf(i))].join("\n");
}

const letter = (i: number): string => (i % 2 === 0 ? "a" : "b");
const told = ({ notes }: CsvImport): string => notes.join(" ");

describe("numbers of a table", () => {
  it("are standardised in double and then rounded", () => {
    for (const cell of [
      (i: number) => `${1_700_000_000 + i}`,
      (i: number) => `${9007199254700000 + 1000 * i}`,
      (i: number) => `${i}e298`,
      (i: number) => `1.0000000000${10 + i}`,
      (i: number) => `${i}e-320`,
    ]) {
      const { dataset } = importCsv(
        table("x,label", 60, (i) => `${cell(i)},${letter(i)}`),
        NAME,
      );
      expect(new Set(dataset.train.features).size).to.equal(48);
      const [column] = dataset.columns;
      if (column?.kind !== "numeric") throw new TypeError("x is not numeric");
      const { mean, deviation } = column;
      const values = Float32Array.from(
        { length: 60 },
        (_, i) => (Number(cell(i)) - mean) / deviation,
      );
      expect(values).to.include.members([...dataset.train.features, ...dataset.test.features]);
      expect(Math.max(...dataset.train.features.map(Math.abs))).to.be.lessThan(2);
    }
  });

  it("are refused where a double merges them", () => {
    const odd = table("x,label", 40, (i) => `90071992547409${93 + (i % 2)},${letter(i)}`);
    expectCode(() => importCsv(odd, NAME), "NOT_NUMERIC");
    for (const cell of [
      (i: number) => `1.00000000000000000${i % 2}1`,
      (i: number) => `90071992547409${93 + (i % 2)}.0`,
      (i: number) => `1700000000000000${100 + i}.0`,
      (i: number) => `${1 + (i % 2)}e-400`,
    ]) {
      const text = table("x,z,label", 40, (i) => `${cell(i)},${i * i},${letter(i)}`);
      try {
        const { dataset, notes } = importCsv(text, NAME);
        expect(dataset.columns.map(({ name }) => name)).to.deep.equal(["z"]);
        expect(notes.join()).to.include("too small for 64 bits");
      } catch (error) {
        expect(error).to.have.nested.property("facts.code", "NOT_NUMERIC");
      }
    }
    const wide = table("x,label", 40, (i) => `${i + 1}0071992547409931,${letter(i)}`);
    expect(told(importCsv(wide, NAME))).to.include("above 2^53");
  });

  it("are refused when they are infinite or larger than doubles can compare", () => {
    for (const odd of ["inf", "-Infinity", "1e999", "1e301"]) {
      const text = table("x,label", 40, (i) => `${i === 7 ? odd : i},${letter(i)}`);
      expect(expectCode(() => importCsv(text, NAME), "NOT_NUMERIC").facts).to.deep.include({
        line: 9,
      });
    }
  });

  it("warn when one far value makes the others equal", () => {
    const text = table("x,label", 40, (i) => `${i % 8 === 7 ? 1e30 : i},${letter(i)}`);
    expect(told(importCsv(text, NAME)))
      .to.include("WARNING")
      .and.include("32-bit");
  });

  it("may have decimal commas, alone or where another column shows it", () => {
    const text = table("x;z;label", 40, (i) => `1,${100 + i};0,${100 + i};${letter(i)}`);
    const result = importCsv(text, NAME);
    expect(result.dataset.columns).to.have.lengthOf(2);
    for (const column of result.dataset.columns)
      expect(column).to.deep.include({ decimal: "comma" });
    const [x] = result.dataset.columns;
    expect(x?.kind === "numeric" && x.max).to.equal(1.139);
    expect(told(result)).to.include('"x" was read with decimal commas');
  });

  it("make the import ask where a mark can separate thousands", () => {
    const comma = table("x;label", 40, (i) => `1,${100 + i};${letter(i)}`);
    const error = expectCode(() => importCsv(comma, NAME), "UNCLEAR");
    expect(error.message).to.include('"x"').and.include("decimal comma");
    expect(error.facts).to.deep.include({ field: "decimal" });
    expect(importCsv(comma, { ...NAME, decimal: "comma" }).dataset.columns).to.have.lengthOf(1);
    const point = table("x;z;label", 40, (i) => `${i},5;1.${100 + i};${letter(i)}`);
    expectCode(() => importCsv(point, NAME), "UNCLEAR");
  });

  it("are refused with thousands separators or both marks", () => {
    for (const cell of ["1.234.500", "1.234,5", "1 234 500", "1'234"]) {
      const text = table("x;label", 40, (i) => `${i === 3 ? cell : i};${letter(i)}`);
      expectCode(() => importCsv(text, NAME), "NOT_NUMERIC");
    }
    const both = table("x;label", 40, (i) => `${i}${i % 2 ? "," : "."}5;${letter(i)}`);
    expect(expectCode(() => importCsv(both, NAME), "NOT_NUMERIC").message).to.include(
      "decimal mark",
    );
  });

  it("raise notes about what else they can mean: dates, and points that separate thousands", () => {
    const dates = table("day,label", 40, (i) => `202401${10 + (i % 20)},${letter(i)}`);
    expect(told(importCsv(dates, NAME))).to.include('"day" looks like dates, such as "20240110"');
    const groups = table("x;label", 40, (i) => `${1 + 7 * i}.500;${letter(i)}`);
    expect(told(importCsv(groups, NAME))).to.include('"1.500" on line 2 is 1.5, not 1500');
    const plain = table("x,label", 40, (i) => `0.${100 + i},${letter(i)}`);
    expect(told(importCsv(plain, NAME))).not.to.include("decimal points");
  });

  it("raise notes about codes that lose their zeros and about columns that count", () => {
    const text = table(
      "zip,PassengerId,label",
      40,
      (i) => `0${1000 + i * i},${i + 1},${letter(i)}`,
    );
    expect(told(importCsv(text, NAME)))
      .to.include('"01000" on line 2 is 1000')
      .and.include("rises by one");
  });

  it("raise notes about how many were missing and what replaces them", () => {
    const text = table("x,label", 40, (i) => `${["", "NA", "?", i][i % 4]},${letter(i)}`);
    const result = importCsv(text, NAME);
    const [column] = result.dataset.columns;
    expect(told(result)).to.include("30 of 40 values are missing").and.include('"NA"');
    expect(column?.kind === "numeric" && column.fill === column.mean && column.missing).to.equal(
      30,
    );
  });

  it("stay whole numbers if the client asks for it", () => {
    const text = table("t,x,label", 40, (i) => `${i % 9},${i}.5,${letter(i)}`);
    const { dataset } = importCsv(text, { ...NAME, keepIntegers: true });
    const [t, x] = dataset.columns;
    expect(t).to.deep.include({ integer: true, min: 0, max: 8, mean: 0, deviation: 1 });
    expect(t).to.have.property("fill", null);
    expect(x?.kind === "numeric" && x.mean).to.be.closeTo(20, 1);
    const tokens = dataset.train.features.filter((_, at) => at % 2 === 0);
    expect([...new Set(tokens)].sort()).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const gap = text.replace("\n3,", "\n,");
    expectCode(() => importCsv(gap, { ...NAME, keepIntegers: true }), "NOT_NUMERIC");
  });
});

describe("texts of a table", () => {
  it("keep None and NA as values, and empty cells apart", () => {
    const text = table(
      "garage,x,label",
      40,
      (i) => `${["None", "Attached", "", "N/A"][i % 4]},${i * i},${letter(i)}`,
    );
    const result = importCsv(text, NAME);
    expect(result.dataset.columns[0]).to.deep.include({
      values: ["Attached", "N/A", "None"],
      missing: 10,
    });
    expect(told(result))
      .to.include('"N/A", "None" is a value of its own')
      .and.include("10 cells are empty");
  });

  it("raise notes about dates, units and mixtures that are left out", () => {
    const text = table(
      "when,share,mixed,x,label",
      40,
      (i) => `2024-01-01 10:00:${10 + i},${i}.5%,${i % 3 ? i : `t${i}`},${i * i},${letter(i)}`,
    );
    const result = importCsv(text, NAME);
    expect(result.dataset.table?.leftOut.map(({ reason }) => reason.slice(0, 12))).to.deep.equal([
      "it holds dat",
      "it holds num",
      "it mixes num",
    ]);
    expect(told(result)).to.include("dates").and.include("unit").and.include('"t0" on line 2');
  });

  it("that say the same as the label raise a warning", () => {
    for (const other of [
      letter,
      (i: number) => `${i % 2}`,
      (i: number) => (i % 2 ? "no" : "yes"),
    ]) {
      const text = table("x,copy,label", 40, (i) => `${i * i},${other(i)},${letter(i)}`);
      expect(told(importCsv(text, NAME))).to.match(/WARNING: column "copy"/);
      const cured = importCsv(text, { ...NAME, leaveOut: ["copy"] });
      expect(told(cured)).not.to.include("WARNING");
      expect(cured.dataset.shape).to.deep.equal([1]);
    }
  });

  it("may be long, and are left out beyond the limit", () => {
    const text = (length: number): string =>
      table("t,x,label", 30, (i) => `${"pqr"[i % 3]?.repeat(length)},${i * i},${letter(i)}`);
    expect(importCsv(text(300), NAME).dataset.shape).to.deep.equal([4]);
    const long = importCsv(text(1100), NAME);
    expect(long.dataset.shape).to.deep.equal([1]);
    expect(told(long)).to.include("1100 characters");
    const label = table("x,label", 30, (i) => `${i * i},${letter(i).repeat(1100)}`);
    expect(expectCode(() => importCsv(label, NAME), "TOO_LONG").message).to.include(
      'label column "label"',
    );
  });
});

describe("the notes of an import", () => {
  it("are in the manifest, bounded, and many similar ones become one", () => {
    const names = Array.from({ length: 500 }, (_, i) => `c${i}`);
    const text = table(
      `x,${names.join(",")},label`,
      30,
      (i) => `${i * i},${names.map(() => 7).join(",")},${letter(i)}`,
    );
    const { manifest } = buildDataset(importCsv(text, NAME).dataset);
    expect(manifest.notes.length).to.be.lessThan(10);
    expect(manifest.notes.join(" ")).to.include("and 480 more were left out");
    expect(manifest.table?.leftOut).to.have.lengthOf(500);
  });

  it("keep their warnings when there are too many", () => {
    const names = Array.from({ length: 300 }, () => "x");
    const text = table(
      `${names.join(",")},answer,label`,
      30,
      (i) => `${names.map((_, c) => (i * (c + 2)) % 11).join(",")},${letter(i)}!,${letter(i)}`,
    );
    const { manifest } = buildDataset(importCsv(text, NAME).dataset);
    expect(manifest.notes.join(" ")).to.include('WARNING: column "answer"');
    expect(manifest.notes.length).to.be.lessThan(30);
  });

  it("are all that is needed, with columns and classes, to encode a row again", () => {
    const text = table("w;t;label", 40, (i) => `${i},5;${["red", "blue", ""][i % 3]};${letter(i)}`);
    const dataset = buildDataset(importCsv(text, NAME).dataset);
    const { columns, classes, table: layout } = dataset.manifest;
    const encode = (cells: readonly string[]): number[] =>
      columns.flatMap((column) => {
        const cell = cells[column.position] ?? "";
        if (column.kind === "category")
          return column.values.map((value) => (value === cell ? 1 : 0));
        const value = cell === "" ? (column.fill ?? Number.NaN) : Number(cell.replace(",", "."));
        return [Math.fround((value - column.mean) / column.deviation)];
      });
    const rows = text
      .split("\n")
      .slice(1)
      .map((line) => line.split(layout?.separator ?? ","));
    const expected = rows.map(
      (cells) => `${encode(cells)} ${classes.indexOf(cells[layout?.label.position ?? 0] ?? "")}`,
    );
    const stored = (["train", "test"] as const).flatMap((split) => {
      const shard = shardOfSplit(dataset, split);
      return Array.from({ length: shard.rows }, (_, row) => {
        const inputs = new Float32Array(shard.rowSize);
        const label = new Int32Array(1);
        shard.batch(Uint32Array.of(row), inputs, label);
        return `${[...inputs]} ${label[0]}`;
      });
    });
    expect(stored.sort()).to.deep.equal(expected.sort());
  });
});
