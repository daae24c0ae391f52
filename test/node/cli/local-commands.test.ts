import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { trackTask } from "../../../chain/track/task.ts";
import { writeGenesisFile } from "../../../node/config/genesis-file.ts";
import { TestChain } from "../../helpers/chain.ts";
import { run } from "./support.ts";

describe("poml without a node", () => {
  let directory: string;
  let genesis: string;
  const chain = new TestChain();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "poml-local-"));
    genesis = join(directory, "genesis.json");
    await writeGenesisFile(genesis, chain.genesis);
  });
  after(() => rm(directory, { recursive: true }));

  it("makes a data directory once", async () => {
    const dataDir = join(directory, "node");
    const args = ["init", "--data-dir", dataDir, "--genesis", genesis, "--name", "mine", "--json"];
    const { exit, stdout, stderr } = await run(args);
    expect(exit, stderr).equal(0);
    expect(JSON.parse(stdout)).deep.include({ genesisRoot: toHex(chain.genesisRoot) });
    expect((await stat(join(dataDir, "keys", "node.key"))).mode & 0o777).equal(0o600);
    expect((await stat(join(dataDir, "api-token"))).mode & 0o777).equal(0o600);
    const again = await run(args);
    expect(again.exit).equal(7);
    expect(JSON.parse(again.stdout).error.code).equal("ALREADY_INITIALISED");
    const config = await run(["config", "--data-dir", dataDir, "--json"]);
    expect(JSON.parse(config.stdout)).deep.include({ name: "mine", dataDir });
  });

  it("makes no data directory with settings that no node could start with", async () => {
    const dataDir = join(directory, "never");
    const start = ["init", "--data-dir", dataDir, "--genesis", genesis];
    for (const bootstrap of ["hello", "/ip4/127.0.0.1/tcp/1/ws", ""]) {
      const { exit, stderr } = await run([...start, "--bootstrap", bootstrap]);
      expect(exit, stderr).equal(2);
      expect(stderr)
        .contain(`bootstrap: ${JSON.stringify(bootstrap)}`)
        .and.contain("e.g.");
    }
    const named = await run([...start, "--name", "n".repeat(65)]);
    expect(named.exit, named.stderr).equal(2);
    expect(named.stderr).contain("choose another --name");
    const lost = await run(["init", "--data-dir", dataDir, "--genesis", join(directory, "none")]);
    expect(lost.exit).equal(7);
    expect(lost.stderr).contain("check the path").and.not.contain("poml init");
    expect(await stat(dataDir).catch(() => "none")).equal("none");
  });

  it("makes wallets, sealed ones too", async () => {
    const wallet = join(directory, "sealed.key");
    const sealed = { POML_PASSPHRASE: "correct horse" };
    const made = await run(["wallet", "new", "--wallet", wallet, "--seal", "--json"], sealed);
    expect(made.exit, made.stderr).equal(0);
    expect(await readFile(wallet, "utf8")).contain("scrypt");
    const shown = await run(["wallet", "show", "--wallet", wallet, "--json"], sealed);
    expect(JSON.parse(shown.stdout).address).equal(JSON.parse(made.stdout).address);
    const locked = await run(["wallet", "show", "--wallet", wallet]);
    expect(locked.exit).equal(7);
    expect(locked.stderr).contain("POML_PASSPHRASE");
  });

  it("refuses a genesis that it cannot use", async () => {
    const broken = join(directory, "broken.json");
    await writeFile(broken, '{"name": "x"}');
    const { exit, stderr } = await run(["init", "--data-dir", directory, "--genesis", broken]);
    expect(exit).equal(7);
    expect(stderr).contain("genesis time");
  });

  it("measures what the machine hashes, each algorithm on one lane and on all", async () => {
    const args = ["benchmark", "--kind", "search", "--seconds", "0.2"];
    const { exit, stdout, stderr } = await run([...args, "--json"]);
    expect(exit, stderr).equal(0);
    const { kind, cores, algorithms } = JSON.parse(stdout);
    expect(kind).equal("search");
    expect(algorithms.map(({ algorithm }: { algorithm: string }) => algorithm)).deep.equal([
      "sha256",
      "sha256d",
      "blake2b",
    ]);
    for (const { onePerSecond, machinePerSecond, lanes } of algorithms) {
      expect(lanes.length).equal(cores);
      expect(onePerSecond).greaterThan(0);
      expect(machinePerSecond).equal(lanes.reduce((sum: number, rate: number) => sum + rate, 0));
    }
    const wrong = await run([...args, "--track-width", "16"]);
    expect(wrong.exit).equal(2);
    expect(wrong.stderr).contain("trackWidth");
    const unknown = await run(["benchmark", "--kind", "mine"]);
    expect(unknown.exit).equal(2);
    expect(unknown.stderr).contain("neither train nor search");
  });

  it("predicts the rating with the quality of an open track", async () => {
    const args = ["benchmark", "--seconds", "0.1", "--segment-steps", "1"];
    const recipe = ["--track-width", "16", "--track-epochs", "1"];
    const { exit, stdout, stderr } = await run([...args, ...recipe, "--json"]);
    expect(exit, stderr).equal(0);
    const { track, factors } = JSON.parse(stdout);
    expect(track.recipe).deep.equal({ ...trackTask(1).recipe, width: 16, epochs: 1 });
    for (const name of ["accuracy", "precision", "recall", "f1"]) {
      expect(track[name]).within(0.1, 0.6);
    }
    expect(track.reference).equal(trackTask(1).reference / 1e6);
    expect(factors.quality).equal(track.quality).equal(0.8);
    const dear = await run([...args, "--track-width", "1024"]);
    expect(dear.exit).equal(2);
    expect(dear.stderr).contain("operations");
  });

  it("prints its exit codes, and uses the one for usage", async () => {
    const { stdout, exit } = await run(["help", "exit-codes"]);
    expect(exit).equal(0);
    expect(stdout).match(/4 {2}the node does not answer/);
    const unknown = await run(["statsu"]);
    expect(unknown.exit).equal(2);
    expect(unknown.stderr).contain("statsu");
    const option = await run(["verify", "."]);
    expect(option.exit).equal(2);
    expect(option.stderr).contain("--trust");
  });

  it("gives a program its object for a typo as for any other error", async () => {
    const typos: [string[], string][] = [
      [["statsu"], "npx poml status"],
      [["status", "--jsno"], "--help"],
      [["wallet", "sned"], "npx poml wallet send"],
      [["bond", "add"], "--help"],
    ];
    for (const [args, remedy] of typos) {
      const { stdout, exit } = await run([...args, "--json"]);
      expect(exit, args.join(" ")).equal(2);
      const { error } = JSON.parse(stdout);
      expect(error.code).equal("BAD_ARGUMENT");
      expect(error.message).not.equal("");
      expect(error.remedy).contain(remedy);
    }
  });

  it("shows the help of the command that was named, or the nearest name", async () => {
    const submit = await run(["help", "job", "submit"]);
    expect(submit.exit).equal(0);
    expect(submit.stdout).contain("Usage: poml job submit").and.contain("--rounds");
    expect((await run(["help"])).stdout).contain("Usage: poml [options]");
    const nearest = {
      transfer: "npx poml help wallet send",
      statsu: "npx poml help status",
      "job sumbit": "npx poml help job submit",
      xyzzy: "npx poml help`",
    };
    for (const [words, hint] of Object.entries(nearest)) {
      const { exit, stderr } = await run(["help", ...words.split(" ")]);
      expect(exit, words).equal(2);
      expect(stderr).contain(`there is no command ${words}`).and.contain(hint);
    }
    const typed = await run(["transfer", "poml1x", "5", "--json"]);
    expect(typed.exit).equal(2);
    expect(JSON.parse(typed.stdout).error.remedy).equal("npx poml wallet send");
  });

  it("says that options follow the command, with the right line", async () => {
    const lines: [string[], string][] = [
      [["--data-dir", "my net", "status"], "npx poml status --data-dir 'my net'"],
      [["--data-dir", "node", "job", "list"], "npx poml job list --data-dir node"],
      [["--json", "--api=http://h:1", "status"], "npx poml --json status --api=http://h:1"],
    ];
    for (const [args, line] of lines) {
      const { exit, stderr } = await run(args);
      expect(exit, line).equal(2);
      expect(stderr).contain(`try: ${line}   (options follow the command)`);
    }
    expect((await run(["status", "--nope"])).stderr).not.contain("options follow");
  });

  it("suggests the URL for a bare host and port, for every command and the variable", async () => {
    const genesisTrust = ["--genesis", genesis];
    const commands: [string[], Record<string, string>, string][] = [
      [["verify", directory, ...genesisTrust, "--api", "127.0.0.1:21868"], {}, "api"],
      [["status", "--api", "127.0.0.1:21868"], {}, "api"],
      [["prove", "node", "0", ...genesisTrust, "--api", "127.0.0.1:21868"], {}, "api"],
      [["job", "list"], { POML_API: "127.0.0.1:21868" }, "POML_API"],
    ];
    for (const [args, env, field] of commands) {
      const { exit, stderr } = await run(args, env);
      expect(exit, stderr).equal(2);
      expect(stderr).contain(`${field}: `).and.contain("give it as http://127.0.0.1:21868");
    }
    const named = await run(["status", "--api", "localhost:21868"]);
    expect(named.stderr).contain("give it as http://localhost:21868");
    const other = await run(["status", "--api", "ftp://x"]);
    expect(other.exit).equal(2);
    expect(other.stderr).contain("e.g. http://127.0.0.1:9471");
    const worker = await run(["worker", "--connect", "127.0.0.1:21868"]);
    expect(worker.stderr).contain("give it as ws://127.0.0.1:21868");
  });

  it("names the command that makes a wallet where there is none", async () => {
    const { exit, stderr } = await run(["wallet", "show", "--wallet", join(directory, "none.key")]);
    expect(exit).equal(7);
    expect(stderr).contain("no wallet").and.contain("npx poml wallet new").not.contain("init");
  });

  it("names the setting, its source and the remedy when it is wrong", async () => {
    const { exit, stderr } = await run(["config", "--data-dir", directory], {
      POML_WORKERS: "many",
    });
    expect(exit).equal(2);
    expect(stderr).contain("POML_WORKERS").and.contain("--workers");
  });

  it("shows the stack of an error only when asked", async () => {
    const args = ["wallet", "show", "--wallet", join(directory, "none.key")];
    expect((await run(args)).stderr).not.contain("at ");
    expect((await run([...args, "--verbose"])).stderr).contain("secret-file.ts");
  });
});
