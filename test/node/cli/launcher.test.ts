import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";

const launcher = fileURLToPath(new URL("../../../node/bin/poml.js", import.meta.url));
const run = promisify(execFile);

describe("node/bin/poml.js", () => {
  it("runs the command line and hands on its exit status", async () => {
    const { stdout } = await run(process.execPath, [launcher, "--version"]);
    expect(stdout.trim()).match(/^\d+\.\d+\.\d+$/);
    const error = await run(process.execPath, [launcher, "nonsense"]).catch((e) => e);
    expect(error.code).equal(2);
  });

  it("starts the newer Node from a folder whose name needs care", async () => {
    const project = fileURLToPath(new URL("../../../", import.meta.url));
    const folder = await mkdtemp(join(tmpdir(), "po ml%20#ü-"));
    try {
      await mkdir(join(folder, "node", "bin"), { recursive: true });
      await symlink(join(project, "node", "main.ts"), join(folder, "node", "main.ts"));
      await symlink(join(project, "node_modules"), join(folder, "node_modules"));
      // Whatever Node runs this test is too old for it.
      const source = (await readFile(launcher, "utf8")).replace("[22, 18]", "[99, 0]");
      const copy = join(folder, "node", "bin", "poml.js");
      await writeFile(join(folder, "package.json"), '{"type": "module"}');
      await writeFile(copy, source);
      const { stdout } = await run(process.execPath, [copy, "--version"]);
      expect(stdout.trim()).match(/^\d+\.\d+\.\d+$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
