/** The folders of a room have an order, as the rooms have: no two of them need each other, not even for types. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { expect } from "chai";

/** Rooms whose folders import each other in no circle. */
const ROOMS = ["chain", "p2p", "ml", "node"];
/** What is loaded with `import()` when it is needed is no dependency of the file itself. */
const STATIC_IMPORT = /(?:\bfrom|^import)\s+"(\.[^"]+)"/gm;

interface Import {
  readonly file: string;
  readonly target: string;
}

/** @returns a circle of folders, its first folder again at the end; undefined where there is none */
function circleIn(imports: readonly Import[], room: string): string[] | undefined {
  const next = new Map<string, Set<string>>();
  for (const { file, target } of imports) {
    const [from, to] = [placeOf(file, room), placeOf(target, room)];
    if (from !== to) next.set(from, (next.get(from) ?? new Set()).add(to));
  }
  const done = new Set<string>();
  const walk = (place: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(place)) return [...path.slice(path.indexOf(place)), place];
    if (done.has(place)) return undefined;
    for (const other of next.get(place) ?? []) {
      const circle = walk(other, [...path, place]);
      if (circle !== undefined) return circle;
    }
    done.add(place);
    return undefined;
  };
  for (const place of next.keys()) {
    const circle = walk(place, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** The folder directly in the room, with all below it; a file directly in the room stands for itself. */
function placeOf(file: string, room: string): string {
  const [first = file] = file.slice(room.length + 1).split(sep);
  return join(room, first);
}

function importsOf(room: string): Import[] {
  return readdirSync(room, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(room, name))
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(STATIC_IMPORT)].map(([, path = ""]) => ({
        file,
        target: normalize(join(dirname(file), path)),
      })),
    )
    .filter(({ target }) => target.startsWith(`${room}${sep}`));
}

/** One line for each import that a circle is made of. */
function told(circle: readonly string[], imports: readonly Import[], room: string): string {
  const steps = circle.slice(1).map((to, step) => {
    const from = circle[step];
    return imports
      .filter(({ file, target }) => placeOf(file, room) === from && placeOf(target, room) === to)
      .map(({ file, target }) => `  ${file} imports ${target}`);
  });
  const remedy = "move the smallest of these files to the folder where it belongs";
  return [`${circle.join(" -> ")}: ${remedy}`, ...steps.flat()].join("\n");
}

describe("the folders of a room", () => {
  for (const room of ROOMS) {
    it(`import each other in no circle: ${room}/`, () => {
      const imports = importsOf(room);
      expect(imports).to.have.length.above(50);
      const circle = circleIn(imports, room);
      expect(circle, circle && told(circle, imports, room)).to.equal(undefined);
    });
  }

  it("are caught in a circle of three, even where it leads through a file directly in the room", () => {
    const imports = [
      { file: "chain/job/tick.ts", target: "chain/audit/kinds/tick.ts" },
      { file: "chain/audit/tick.ts", target: "chain/head.ts" },
      { file: "chain/head.ts", target: "chain/job/phase.ts" },
      { file: "chain/job/tick.ts", target: "chain/job/phase.ts" },
    ];
    expect(circleIn(imports, "chain")).to.deep.equal([
      "chain/job",
      "chain/audit",
      "chain/head.ts",
      "chain/job",
    ]);
    expect(circleIn(imports.slice(1), "chain")).to.equal(undefined);
  });
});
