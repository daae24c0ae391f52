/** What a product file exports, the product uses: code that only tests need lies in test/helpers. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const ROOMS = ["chain", "p2p", "ml", "node"];
const EXPORTED = /^export (?:async )?(?:function\*?|const|class|type|interface) ([A-Za-z0-9_]+)/gm;
const WORD = /[A-Za-z0-9_$]+/g;

/** @returns exports that stand in no other file, and only once in their own */
function unusedIn(files: ReadonlyMap<string, string>): string[] {
  const words = new Map([...files].map(([file, text]) => [file, text.match(WORD) ?? []]));
  const holders = new Map<string, number>();
  for (const own of words.values()) {
    for (const word of new Set(own)) holders.set(word, (holders.get(word) ?? 0) + 1);
  }
  return [...files].flatMap(([file, text]) =>
    [...text.matchAll(EXPORTED)]
      .map(([, name = ""]) => name)
      .filter((name) => holders.get(name) === 1)
      .filter((name) => words.get(file)?.filter((word) => word === name).length === 1)
      .map((name) => `${file} ${name}`),
  );
}

function productFiles(): Map<string, string> {
  const files = ROOMS.flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.[tj]s$/.test(name) && !/(^|\/)(dist|kernels|absent)\//.test(name))
      .map((name) => join(room, name)),
  );
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
}

describe("exports of the product", () => {
  it("are all used by the product", () => {
    const unused = unusedIn(productFiles());
    expect(unused, "delete these, or move them to test/helpers").to.deep.equal([]);
  });

  it("are found when only a test would use them", () => {
    const files = new Map([
      [
        "a.ts",
        "export function used() {}\nexport const alone = 1;\nexport const twice = 2 * twice;",
      ],
      ["b.ts", 'import { used } from "./a.ts";\nexport async function walk() { used(); }\nwalk();'],
    ]);
    expect(unusedIn(files)).to.deep.equal(["a.ts alone"]);
  });
});
