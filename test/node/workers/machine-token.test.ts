import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { writeGenesisFile } from "../../../node/config/genesis-file.ts";
import { holderOf, machineToken } from "../../../node/workers/machine-token.ts";
import { TestChain } from "../../helpers/chain.ts";
import { run } from "../cli/support.ts";

describe("tokens of machines", () => {
  const base = "the-worker-token";

  it("name their machine, and no other can be made of one", () => {
    const token = machineToken(base, "lab-3");
    expect(holderOf(token, base)).to.deep.equal({ machine: "lab-3" });
    expect(holderOf(base, base)).to.deep.equal({ machine: undefined });
    const [, mac = ""] = token.split(".");
    for (const forged of [
      `lab-4.${mac}`,
      `lab-3.${mac.slice(1)}`,
      "lab-3.",
      "lab-3",
      `.${mac}`,
      `LAB-3.${mac}`,
      `${token}.x`,
      machineToken(token, "lab-4"),
      machineToken("another", "lab-3"),
      "",
    ]) {
      expect(holderOf(forged, base), forged).to.equal(undefined);
    }
    expect(holderOf(token, "a new worker token")).to.equal(undefined);
  });

  it("are made by a command, for the owner's eyes only", async () => {
    const folder = await mkdtemp(join(tmpdir(), "poml-machine-"));
    const [dataDir, genesis, out] = ["node", "genesis.json", "token"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeGenesisFile(genesis, new TestChain().genesis);
    await run(["init", "--data-dir", dataDir, "--genesis", genesis]);
    const make = ["worker-token", "lab-3", "--data-dir", dataDir, "--out", out];
    const { exit, stdout, stderr } = await run(make);
    expect(exit, stderr).to.equal(0);
    const token = (await readFile(out, "utf8")).trim();
    const worker = (await readFile(join(dataDir, "worker-token"), "utf8")).trim();
    expect(holderOf(token, worker)).to.deep.equal({ machine: "lab-3" });
    expect((await stat(out)).mode & 0o777).to.equal(0o600);
    expect(stdout).not.to.include(token);
    expect((await run(make)).exit, "it is there already").to.not.equal(0);
    const bad = await run(["worker-token", "Lab 3", "--data-dir", dataDir, "--out", `${out}-2`]);
    expect(bad.exit).to.equal(2);
    expect(bad.stderr).to.include("lab-3");
    await rm(folder, { recursive: true });
  });
});
