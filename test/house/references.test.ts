/** Documents name files that exist: links, headings that links point to, and paths of sources. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { expect } from "chai";

const ROOMS = ["chain", "p2p", "ml", "node", "test", "docs", "datasets"];
const LINK = /\]\(([^)\s#]*)(?:#([^)\s]+))?\)/g;
/** A path from a room on, or any source file. Examples with a placeholder (`KIND/`, `<id>`, `*`) are no paths. */
const PATH = /`((?:chain|p2p|ml|node|test|docs|datasets)\/[\w./-]+|[\w./-]+\.ts)`/g;
const PLACEHOLDER = /[A-Z]{3}/;
/** Files that a reader is to write. */
const EXAMPLES = new Set(["toy.ts"]);

interface Page {
  readonly path: string;
  readonly text: string;
}

/** @param tree all files and folders, relative to the project @returns what is named and does not exist */
function deadIn(pages: readonly Page[], tree: ReadonlySet<string>): string[] {
  const names = new Set([...tree].map((path) => basename(path)));
  const ends = new Set([...tree].flatMap(endsOf));
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  return pages.flatMap(({ path, text }) => {
    const links = [...text.matchAll(LINK)]
      .filter(([, target = ""]) => !target.startsWith("http"))
      .filter(([, target = "", anchor]) => {
        const file = target === "" ? path : normalize(join(dirname(path), target));
        if (!tree.has(file.replace(/\/$/, ""))) return true;
        return anchor !== undefined && anchors.get(file)?.has(anchor) === false;
      })
      .map(([link]) => link.slice(1));
    const paths = [...text.matchAll(PATH)]
      .map(([, name = ""]) => name.replace(/\/$/, ""))
      .filter((name) => !PLACEHOLDER.test(name) && !EXAMPLES.has(name))
      .filter((name) => (name.includes("/") ? !ends.has(name) : !names.has(name)));
    return [...links, ...paths].map((name) => `${path}: ${name}`);
  });
}

/** `a/b/c`, `b/c` and `c`: documents name files by the last parts of their path where these are clear. */
function endsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, from) => parts.slice(from).join("/"));
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function treeOf(): Set<string> {
  const below = ROOMS.flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: "utf8" }).map((name) => join(room, name)),
  );
  return new Set([...readdirSync("."), ...below]);
}

describe("documents", () => {
  it("name only files, folders and headings that exist", () => {
    const paths = readdirSync("docs").filter((name) => name.endsWith(".md"));
    const pages = ["README.md", ...paths.map((name) => join("docs", name))].map((path) => ({
      path,
      text: readFileSync(path, "utf8"),
    }));
    expect(pages).to.have.length.above(20);
    expect(deadIn(pages, treeOf())).to.deep.equal([]);
  });

  it("are caught when a file, a heading or a folder has gone", () => {
    const text =
      "# Two words\n[a](b.md#two-words) [b](gone.md) [c](#three) `node/gone/` `left.ts` `cli/left.ts` `chain/KIND.ts` `no.ts`";
    const pages = [
      { path: "docs/a.md", text },
      { path: "docs/b.md", text: "# Two words\n" },
    ];
    const tree = new Set(["docs", "docs/a.md", "docs/b.md", "node/cli/left.ts", "node/cli"]);
    expect(deadIn(pages, tree)).to.deep.equal([
      "docs/a.md: (gone.md)",
      "docs/a.md: (#three)",
      "docs/a.md: node/gone",
      "docs/a.md: no.ts",
    ]);
  });
});
