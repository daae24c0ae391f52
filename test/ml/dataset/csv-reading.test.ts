/** How a CSV file is read before its columns mean anything: bytes, separators, quotes, header, label. */
import { expect } from "chai";
import { importCsv } from "../../../ml/dataset/import-csv.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const NAME = { name: "table" };

function lines(count: number, lineOf: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => lineOf(i)).join("\n");
}

const letter = (i: number): string => (i % 2 === 0 ? "a" : "b");

function rowsOf(text: string | Uint8Array, options: object = {}): number {
  const { train, test } = importCsv(text, { ...NAME, ...options }).dataset;
  return train.labels.length + test.labels.length;
}

describe("the separator of a CSV file", () => {
  const body = (mark: string): string =>
    lines(20, (i) => `${i * 3}.5${mark}${i % 7}${mark}${letter(i)}`);
  const files: readonly [name: string, text: string, separator: string][] = [
    ["semicolons", `x;z;label\n${body(";")}`, ";"],
    ["tabs", `x\tz\tlabel\n${body("\t")}`, "\t"],
    ["vertical bars", `x|z|label\n${body("|")}`, "|"],
    ["an empty first line", `\n\nx;z;label\n${body(";")}`, ";"],
    ["a comment with other separators", `# made, by hand; ok\nx;z;label\n${body(";")}`, ";"],
    ["a sep= line", `sep=;\nx;z;label\n${body(";")}`, ";"],
    ["a quoted sep= line with a tab", `"sep=\t"\nx\tz\tlabel\n${body("\t")}`, "\t"],
    ["a sep= line with a mark of its own", `SEP=^\nx^z^label\n${body("^")}`, "^"],
    ["line breaks in the header", `"x\n(cm)";"z\r\n(cm)";label\n${body(";")}`, ";"],
    ["carriage returns alone", `x;z;label\n${body(";")}`.replaceAll("\n", "\r"), ";"],
    [
      "commas in texts",
      `t;x;label\n${lines(20, (i) => `nice, good, ${i % 3};${i};${letter(i)}`)}`,
      ";",
    ],
    ["decimal commas", `x;z;label\n${lines(20, (i) => `${i},5;0,${i};${letter(i)}`)}`, ";"],
  ];
  for (const [name, text, separator] of files) {
    it(`is found with ${name}`, () => {
      const { dataset } = importCsv(text, NAME);
      expect(dataset.table?.separator).to.equal(separator);
      expect(dataset.table?.header).to.equal(true);
      expect(dataset.train.labels.length + dataset.test.labels.length).to.equal(20);
    });
  }

  it("is noted unless it is a comma, and so are skipped lines", () => {
    const text = `x|label\n${lines(9, (i) => `${i * i}|${letter(i)}`)}\n\n# half|way|done\n1|a\n`;
    const { notes } = importCsv(text, NAME);
    expect(notes).to.include("The separator is a vertical bar.");
    expect(notes).to.include("1 blank line (line 11) was skipped.");
    expect(notes).to.include("1 comment (line 12) was skipped.");
  });

  it("notes removed white space, which can turn two classes into one", () => {
    const body = (end: string): string =>
      lines(12, (i) => `${i}.5,${letter(i)}${i < 4 ? end : ""}`);
    for (const end of ["  ", "\t", "\u00a0"]) {
      const { notes, dataset } = importCsv(`x,label\n${body(end)}`, NAME);
      expect(dataset.classes).to.deep.equal(["a", "b"]);
      expect(notes.join()).to.match(/4 records \(lines 2, 3, 4, 5\) were stripped of white space/);
    }
    expect(importCsv(`x,label\n${body("")}`, NAME).notes.join()).not.to.include("white space");
  });

  it("leaves tabs around values out where it is no tab", () => {
    const text = `x|label\n${lines(12, (i) => `\t${i}.5\t|\t${letter(i)}`)}`;
    const { dataset } = importCsv(text, NAME);
    expect(dataset.columns[0]).to.include({ kind: "numeric", max: 11.5 });
    expect(dataset.classes).to.deep.equal(["a", "b"]);
  });

  it("takes a first field that starts with # for a name", () => {
    const { dataset } = importCsv(`#x;z;label\n${body(";")}`, NAME);
    expect(dataset.columns.map(({ name }) => name)).to.deep.equal(["#x", "z"]);
  });

  it("can be stated; what cannot separate is refused", () => {
    const text = `x:label\n${lines(9, (i) => `${i * i}:${letter(i)}`)}`;
    expect(rowsOf(text, { separator: ":" })).to.equal(9);
    for (const separator of ["xx", "", "a", '"', "\u{1f600}"]) {
      expectCode(() => importCsv(text, { ...NAME, separator }), "BAD_OPTION");
    }
    for (const mark of ["a", '"', "1"]) {
      expectCode(() => importCsv(`sep=${mark}\n${text}`, NAME), "BAD_OPTION");
    }
  });

  it("must be stated if two fit", () => {
    const text = lines(9, (i) => `${i}a;${i}b,${letter(i)}`);
    const error = expectCode(() => importCsv(text, { ...NAME, label: -1 }), "UNCLEAR");
    expect(error.facts).to.deep.include({ field: "separator" });
  });

  it("is explained as missing if columns are separated by spaces", () => {
    const error = expectCode(() => importCsv("x label\n1 a\n2 b", NAME), "ONE_COLUMN");
    expect(error.message).to.include("spaces");
  });
});

describe("the quotes and fields of a CSV file", () => {
  it("keep line breaks inside cells", () => {
    const text = `note,x,label\n${lines(12, (i) => `"one\ntwo, ${i % 2}",${i * i},${letter(i)}`)}`;
    const [note] = importCsv(text, NAME).dataset.columns;
    expect(note).to.deep.include({ kind: "category", values: ["one\ntwo, 0", "one\ntwo, 1"] });
  });

  it("are refused where text follows a closing quote", () => {
    const error = expectCode(() => importCsv('x,label\n1,"a"b\n2,c', NAME), "BAD_QUOTE");
    expect(error.facts).to.deep.include({ line: 2 });
    expectCode(() => importCsv('t,label\n"say \\"hi\\" x",a\n"y",b', NAME), "BAD_QUOTE");
  });

  it("are refused by line where their number differs, with a hint", () => {
    const text = `x,z,label\n${lines(9, (i) => `${i},1,${letter(i)}`)}\nTotal: 9 rows\n`;
    expect(expectCode(() => importCsv(text, NAME), "RAGGED_ROW").facts).to.deep.include({
      line: 11,
    });
    const named = `x,label\n${lines(9, (i) => `r${i},${i},${letter(i)}`)}`;
    expect(expectCode(() => importCsv(named, NAME), "RAGGED_ROW").remedy).to.include("row names");
    for (const title of ["My table", "// made by hand", "% made by hand"]) {
      const titled = `${title}\nx,z,label\n${lines(9, (i) => `${i},1,${letter(i)}`)}`;
      expect(expectCode(() => importCsv(titled, NAME), "RAGGED_ROW").remedy).to.include("titles");
    }
  });

  it("are refused at once where there are too many", () => {
    const header = Array.from({ length: 10_001 }, (_, i) => `c${i}`).join(",");
    const error = expectCode(() => importCsv(`${header}\n`, NAME), "TOO_LARGE");
    expect(error.message).to.include("10000 columns");
  });
});

describe("the bytes of a CSV file", () => {
  const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "utf16le"));
  const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
  const table = `x,label\n${lines(20, (i) => `${i * i},${i % 2 === 0 ? "Málaga" : "Mólaga"}`)}`;

  it("are refused with line and likely encoding when they are not UTF-8", () => {
    const cases: readonly [Uint8Array, number, RegExp][] = [
      [latin1(table), 2, /Latin-1/],
      [latin1("x,label\n1,a\n2,\x93b\x94"), 3, /Windows-1252$/],
      [utf16(table), 2, /UTF-16LE/],
      [new Uint8Array(Buffer.from(table, "utf16le").swap16()), 2, /UTF-16BE/],
      [new Uint8Array(Buffer.concat([Buffer.from("x,label\n1,é\n"), latin1("2,é\n")])), 3, /mixed/],
      [new Uint8Array(Buffer.from("x,label\n1,é").subarray(0, -1)), 2, /cut off/],
      [Uint8Array.of(0xff, 0xfe, 0, 0, 0x78, 0, 0, 0), 1, /UTF-32/],
    ];
    for (const [bytes, line, likely] of cases) {
      const error = expectCode(() => importCsv(bytes, NAME), "NOT_UTF8");
      expect(error.message).to.match(likely);
      expect(error.facts).to.deep.include({ line });
    }
  });

  it("are read in a stated encoding, and in UTF-16 with a byte order mark, with a note", () => {
    const stated = importCsv(latin1(table), { ...NAME, encoding: "windows-1252" });
    expect(stated.dataset.classes).to.deep.equal(["Málaga", "Mólaga"]);
    const marked = importCsv(utf16(`\ufeff${table}`), NAME);
    expect(marked.dataset.classes).to.deep.equal(["Málaga", "Mólaga"]);
    expect(marked.notes).to.include("The file was read as utf-16le.");
    expectCode(() => importCsv(latin1(table), { ...NAME, encoding: "klingon" }), "BAD_OPTION");
  });

  it("drop a byte order mark of UTF-8", () => {
    const bytes = new TextEncoder().encode(
      `\ufeffx,label\n${lines(9, (i) => `${i * i},${letter(i)}`)}`,
    );
    const twice = Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes]);
    for (const file of [bytes, twice]) {
      expect(importCsv(file, NAME).dataset.columns.map(({ name }) => name)).to.deep.equal(["x"]);
    }
  });

  it("raise a doubt where a stated encoding is likely wrong", () => {
    const text = `x,label\n${lines(12, (i) => `${i * i},${i % 2 ? "caf\u00e9" : "th\u00e9"}`)}`;
    const encoding = "windows-1252";
    const wrong = importCsv(new TextEncoder().encode(text), { ...NAME, encoding });
    expect(wrong.notes.join()).to.include("WARNING: the file is also valid UTF-8");
    const right = importCsv(
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
      { ...NAME, encoding },
    );
    expect(right.notes.join()).not.to.include("WARNING");
  });

  it("name the format if they are no table", () => {
    for (const [bytes, what] of [
      ["PK\x03\x04....", "Excel"],
      ["PAR1....", "Parquet"],
      ["\x1f\x8b\x08....", "packed twice"],
      ["<!DOCTYPE html><p>", "HTML"],
      ['[{"x": 1}]', "JSON"],
      ["x,label\n1,a\0\n", "binary"],
    ] as const) {
      const error = expectCode(() => importCsv(latin1(bytes), NAME), "NOT_TEXT");
      expect(error.message + JSON.stringify(error.facts)).to.include(what);
    }
  });

  it("are noted where an earlier conversion lost characters", () => {
    const bytes = new TextEncoder().encode(table.replaceAll("á", "\ufffd"));
    expect(importCsv(bytes, NAME).notes.join(" ")).to.include("U+FFFD");
  });
});

describe("the header of a CSV file", () => {
  const numbers = lines(40, (i) => `${(i * 7) % 13}.5,${i % 5},${letter(i)}`);
  const votes = lines(
    40,
    (i) => `${i % 3 === 0 ? "left" : "right"},${i % 2 ? "y" : "n"},${i % 5 ? "y" : "n"}`,
  );

  it("is not made of data", () => {
    const { dataset, notes } = importCsv(numbers, { ...NAME, label: "-1" });
    expect(rowsOf(numbers, { label: 2 })).to.equal(40);
    expect(dataset.columns.map(({ name }) => name)).to.deep.equal(["column-1", "column-2"]);
    expect(notes.join(" ")).to.include("no header");
    expect(rowsOf(votes, { label: "0" })).to.equal(40);
    expect(rowsOf(`5.1,3,rare\n${numbers}`, { label: 2 })).to.equal(41);
    expect(rowsOf(`?,NA,a\n${numbers}`, { label: 2 })).to.equal(41);
  });

  it("is not guessed from an answer that looks like a name", () => {
    const error = expectCode(() => importCsv(votes, { ...NAME, label: "y" }), "UNKNOWN_COLUMN");
    expect(error.remedy).to.include("header yes");
    expectCode(() => importCsv(votes, NAME), "NO_LABELS");
  });

  it("is found over numbers, and over texts that never come back", () => {
    for (const [header, body] of [
      ["length,width,kind", numbers],
      ["2019,2020,class", numbers],
      ["party,first,second", votes],
    ]) {
      expect(rowsOf(`${header}\n${body}`, { label: -1 })).to.equal(40);
    }
  });

  it("must be stated if it can be names or data", () => {
    for (const [first, label] of [
      ["0,1,2", 2],
      ["unknown,unknown,a", 2],
      ["2019,2020,outcome_x", 2],
    ] as const) {
      const text = `${first}\n${numbers}`;
      const error = expectCode(() => importCsv(text, { ...NAME, label }), "UNCLEAR");
      expect(error.facts).to.deep.include({ field: "header" });
      expect(error.remedy).to.include("yes").and.include("no");
      expect(rowsOf(text, { label, header: "yes" })).to.equal(40);
    }
    expect(rowsOf(`unknown,1,a\n${numbers}`, { label, header: "no", leaveOut: ["0"] })).to.equal(
      41,
    );
  });
  const label = 2;

  it("renames columns of equal names, with a note", () => {
    const text = `x,x,,label\n${lines(20, (i) => `${i * i},${(i * 5) % 7},${i % 3},${letter(i)}`)}`;
    const { dataset, notes } = importCsv(text, NAME);
    expect(dataset.columns.map(({ name }) => name)).to.deep.equal(["x", "x (2)", "column-3"]);
    expect(notes.join(" "))
      .to.include('names "x" again in column 2')
      .and.include("no name for column 3");
  });

  it("may be as long as a survey question, not longer than the limit in words", () => {
    const body = lines(20, (i) => `${i * i},${letter(i)}`);
    const question = "How often, on a scale from 1 to 7, ".repeat(10).replaceAll(",", "");
    expect(rowsOf(`${question},label\n${body}`)).to.equal(20);
    const error = expectCode(
      () => importCsv(`${"é".repeat(1025)},label\n${body}`, NAME),
      "TOO_LONG",
    );
    expect(error.message).to.include("column 1").and.include("1025").and.include("1024");
  });
});

describe("the label column", () => {
  const text = `Class,class,x,2\n${lines(24, (i) => `${["one", "two", "three"][i % 3]},${letter(i)},${i * i},${i % 4}`)}`;
  const labelOf = (label: string | number, table = text): string | undefined =>
    importCsv(table, { ...NAME, label }).dataset.table?.label.name;

  it("is an exact name first, then a number, then a name in other letters", () => {
    expect(labelOf("class")).to.equal("class");
    expect(labelOf("Class")).to.equal("Class");
    expect(labelOf("2")).to.equal("2");
    expect(labelOf("0")).to.equal("Class");
    expect(labelOf("-3")).to.equal("class");
    expect(labelOf(-3)).to.equal("class");
    expect(labelOf("KIND", text.replace("class", "kind"))).to.equal("kind");
  });

  it("must be stated if several columns fit", () => {
    const error = expectCode(() => labelOf("CLASS"), "UNCLEAR");
    expect(error.message).to.include('"Class", "class"');
    expectCode(() => importCsv(text, NAME), "UNCLEAR");
    for (const wrong of ["4", "-5", "clas", "1.0"])
      expectCode(() => labelOf(wrong), "UNKNOWN_COLUMN");
  });

  it("is refused where the header names it twice: the copy would leak the answer", () => {
    const twice = `x,label,label\n${lines(20, (i) => `${i * i},${letter(i)},${letter(i)}`)}`;
    expectCode(() => labelOf("label", twice), "DUPLICATE_COLUMN");
    expectCode(() => labelOf(1, twice), "DUPLICATE_COLUMN");
    expectCode(() => importCsv(twice, NAME), "DUPLICATE_COLUMN");
  });

  it("counts NA as a class among texts and as no label among numbers, with a note", () => {
    const among = (words: readonly string[]): { classes: readonly string[]; told: string } => {
      const { dataset, notes } = importCsv(
        `x,label\n${lines(24, (i) => `${i * i},${words[i % words.length]}`)}`,
        NAME,
      );
      return { classes: dataset.classes, told: notes.join(" ") };
    };
    const texts = among(["yes", "NA", "no"]);
    expect(texts.classes).to.deep.equal(["NA", "no", "yes"]);
    expect(texts.told).to.include('"NA" in the label column is a class of its own');
    const digits = among(["1", "NA", "0"]);
    expect(digits.classes).to.deep.equal(["0", "1"]);
    expect(digits.told)
      .to.include("8 rows (lines 3, 6, 9, 12, 15, …) were left out")
      .and.include('"NA"');
  });

  it("notes classes that look alike or are too small", () => {
    const { notes } = importCsv(
      `x,label\n5,rare\n${lines(24, (i) => `${i * i},${["Yes", "yes", "no"][i % 3]}`)}`,
      NAME,
    );
    expect(notes.join(" "))
      .to.include('"Yes", "yes" look alike')
      .and.include('one row only: "rare"');
  });

  it("notes all of many classes that look alike: numbers, and invisible characters", () => {
    for (const [one, other] of [
      ["1", "1.0"],
      ["1", "1e0"],
      [".5", "0.50"],
      ["cat", "ca\u200bt"],
      ["cat", "cat\u0007"],
      ["\u00e9", "e\u0301"],
    ] as const) {
      const text = `x,label\n${lines(24, (i) => `${i * i},${[one, other, "no"][i % 3]}`)}`;
      expect(importCsv(text, NAME).notes.join()).to.include("look alike");
    }
    const many = `x,label\n${lines(120, (i) => `${i * i},${i % 2 ? "k" : "K"}${(i >> 1) % 15}`)}`;
    expect(importCsv(many, NAME).notes).to.include("The same holds for 5 more groups of classes.");
  });
});
