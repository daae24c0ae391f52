import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { initDataDir } from "../../../node/config/data-dir.ts";
import { type RunFile, writeRunFile } from "../../../node/config/endpoints.ts";
import { TestChain } from "../../helpers/chain.ts";
import { startApi, type TestApi } from "../api/support.ts";
import { type CliRun, run } from "./support.ts";

/** Of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

describe("the node a command talks to", () => {
  let parent: string;
  let dataDir: string;
  let test: TestApi;
  /** What the node that answers at `test.url` would have written. */
  let serving: Extract<RunFile, { state: "serving" }>;

  before(async () => {
    parent = await mkdtemp(join(tmpdir(), "poml find node-"));
    dataDir = join(parent, "node-1");
    test = await startApi();
    await initDataDir(dataDir, { genesis: new TestChain().genesis });
    const { publicKey, genesisRoot } = test.node.status();
    serving = {
      state: "serving",
      pid: process.pid,
      publicKey: toHex(publicKey),
      genesisRoot: toHex(genesisRoot),
      api: test.url,
      p2p: [],
    };
  });
  after(async () => {
    await test.stop();
    await rm(parent, { recursive: true });
  });
  afterEach(() => rm(join(dataDir, "endpoints.json"), { force: true, recursive: true }));

  const status = (...args: string[]): Promise<CliRun> => run(["status", ...args]);
  const refused = async (
    code: string,
    exit: number,
    args: string[],
    env: Record<string, string> = {},
  ): Promise<string> => {
    const shown = await run([...args, "--json"], env);
    expect(shown.exit, shown.stdout + shown.stderr).equal(exit);
    expect(JSON.parse(shown.stdout).error.code).equal(code);
    return shown.stderr;
  };

  it("is the one of the data directory, found by what it wrote there", async () => {
    await writeRunFile(dataDir, serving);
    const { exit, stdout, stderr } = await status("--data-dir", dataDir);
    expect(exit, stderr).equal(0);
    expect(stdout).contain("node 0");
  });

  it("is not replaced by another when it is stopped, and the hint starts the right one", async () => {
    const stderr = await refused("NODE_NOT_RUNNING", 4, ["status", "--data-dir", dataDir]);
    expect(stderr).contain(`the node in ${dataDir} is not running`);
    expect(stderr).contain(`\`npx poml node --data-dir '${dataDir}'\``);
    const byVariable = { POML_DATA_DIR: dataDir };
    expect(await refused("NODE_NOT_RUNNING", 4, ["job", "list"], byVariable)).contain("--data-dir");
  });

  it("is not replaced by another when its file was left by a killed node", async () => {
    const api = "http://127.0.0.1:1";
    await writeRunFile(dataDir, { ...serving, pid: deadPid(), api });
    const stderr = await refused("NODE_NOT_RUNNING", 4, ["status", "--data-dir", dataDir]);
    expect(stderr).contain("ended without cleaning up");
    await writeRunFile(dataDir, { ...serving, api });
    expect(await refused("NODE_NOT_RUNNING", 4, ["status", "--data-dir", dataDir])).contain(api);
  });

  it("is not the one that took its port", async () => {
    await writeRunFile(dataDir, { ...serving, publicKey: "ab".repeat(32) });
    const other = await refused("WRONG_NODE", 4, ["status", "--data-dir", dataDir]);
    expect(other).contain("another node, node 0").and.contain("abababababab");
    await writeRunFile(dataDir, { ...serving, genesisRoot: "cd".repeat(32) });
    const chain = await refused("WRONG_NODE", 4, ["status", "--data-dir", dataDir]);
    expect(chain).contain("another chain").and.contain("cdcdcdcdcdcd");
  });

  it("is distinguished from one that is still starting", async () => {
    const { api: _, p2p: __, ...self } = serving;
    await writeRunFile(dataDir, { ...self, state: "starting" });
    expect(await refused("NODE_STARTING", 4, ["status", "--data-dir", dataDir])).contain(
      "starting",
    );
    await writeRunFile(dataDir, { ...self, pid: deadPid(), state: "starting" });
    await refused("NODE_NOT_RUNNING", 4, ["status", "--data-dir", dataDir]);
  });

  it("is not guessed where endpoints.json cannot be read", async () => {
    const path = join(dataDir, "endpoints.json");
    for (const text of [
      "",
      "{",
      "[]",
      '{"state": "serving"}',
      JSON.stringify({ pid: 1, api: "x" }),
    ]) {
      await writeFile(path, text);
      const stderr = await refused("ENDPOINTS_UNREADABLE", 7, ["status", "--data-dir", dataDir]);
      expect(stderr, text).contain(path).and.contain("--api");
    }
    await rm(path);
    await mkdir(path);
    await refused("ENDPOINTS_UNREADABLE", 7, ["status", "--data-dir", dataDir]);
    // The remedy works: who names the node needs no file.
    const { exit } = await status("--data-dir", dataDir, "--api", test.url);
    expect(exit).equal(0);
  });

  it("must be stated if a directory has none; the nodes below it are listed", async () => {
    const stderr = await refused("NOT_INITIALISED", 7, ["status", "--data-dir", parent]);
    expect(stderr).contain("holds no node").and.contain(dataDir);
    const empty = join(parent, "empty");
    await mkdir(empty);
    expect(await refused("NOT_INITIALISED", 7, ["status"], { POML_DATA_DIR: empty })).contain(
      "--api",
    );
    await refused("NOT_INITIALISED", 7, ["status", "--data-dir", join(parent, "nowhere")]);
  });

  it("is the one of the directory given as an option, whatever the environment says", async () => {
    const env = { POML_API: test.url };
    await refused("NODE_NOT_RUNNING", 4, ["status", "--data-dir", dataDir], env);
    // A directory without a node, of a wallet say, leaves the variable its say.
    const { exit } = await run(["status", "--data-dir", parent], env);
    expect(exit).equal(0);
  });

  it("is named by a URL, and by no text that only resembles one", async () => {
    for (const api of ["", "localhost:9471", "127.0.0.1:9471", "ftp://x", "http://x:99999"]) {
      const stderr = await refused("BAD_ARGUMENT", 2, ["status", "--api", api]);
      expect(stderr)
        .contain("api: ")
        .and.match(/give it as http:\/\/(localhost|127)|http:\/\/\[::1\]:9471/);
    }
    expect(await refused("BAD_ARGUMENT", 2, ["status"], { POML_API: "x" })).contain("POML_API");
  });

  it("counts variables set to nothing as not set", async () => {
    const nothing = { POML_API: "", POML_TOKEN: "", POML_WALLET: "", POML_PASSPHRASE: "" };
    const env = { ...nothing, POML_DATA_DIR: dataDir, POML_WORKERS: "", POML_P2P_BOOTSTRAP: "" };
    await refused("NODE_NOT_RUNNING", 4, ["status"], env);
    const config = await run(["config", "--json"], { ...env, POML_DATA_DIR: "" });
    const { workers, dataDir: inForce } = JSON.parse(config.stdout);
    expect([workers, inForce]).deep.equal([1, join(homedir(), ".poml")]);
  });

  it("takes ~ as the home directory, and no other user's", async () => {
    const missing = `poml-none-${process.pid}`;
    const stderr = await refused("NOT_INITIALISED", 7, ["status", "--data-dir", `~/${missing}`]);
    expect(stderr).contain(join(homedir(), missing));
    await refused("NOT_INITIALISED", 7, ["status"], { POML_DATA_DIR: `~/${missing}` });
    const wallet = await run(["wallet", "show", "--wallet", `~/${missing}`]);
    expect(wallet.stderr).contain(join(homedir(), missing));
    expect(await refused("BAD_OPTION", 2, ["status", "--data-dir", "~nobody/x"])).contain(
      "./~nobody/x",
    );
    expect(await refused("BAD_OPTION", 2, ["status", "--data-dir="])).contain("empty");
  });
});
