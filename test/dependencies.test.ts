/** What is installed to run a node is what its sources use, and no more. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Built at install or by developers, and what builds it. */
const BUILT = [
  "ml/exact/build-kernels.ts",
  "ml/search/build-kernels.ts",
  "node/page/light/",
  "node/page/dist/",
];
/** Not imported: the runtime itself, and what the page loads as a file. */
const NOT_IMPORTED = ["node", "uplot"];
const IMPORT =
  /(?:from|import|import\(|require\(|resolve\()\s*["']((?:@[a-z0-9-]+\/)?[a-z][a-z0-9.-]*)(?:\/[^"']*)?["']/g;

describe("dependencies", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  const files = ["chain", "ml", "p2p", "node"]
    .flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: "utf8" }).map((name) => join(room, name)),
    )
    .filter((file) => /\.(ts|js)$/.test(file) && !BUILT.some((built) => file.startsWith(built)));
  const imported = new Set(
    files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(IMPORT)].map(([, name = ""]) => name),
    ),
  );

  it("of the runtime are used by the sources; what only tests use is not among them", () => {
    const standsIn = ([, version]: [string, string]): boolean => version.startsWith("file:");
    const unused = Object.entries(manifest.dependencies)
      .filter((entry) => !standsIn(entry))
      .map(([name]) => name)
      .filter((name) => !imported.has(name) && !NOT_IMPORTED.includes(name));
    expect(files).to.have.length.above(300);
    expect(unused).to.deep.equal([]);
  });

  it("of developers are used by no source that runs", () => {
    const needed = Object.keys(manifest.devDependencies).filter((name) => imported.has(name));
    expect(needed).to.deep.equal([]);
  });
});
