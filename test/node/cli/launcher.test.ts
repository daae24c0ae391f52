import { execFile } from "node:child_process";
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
});
