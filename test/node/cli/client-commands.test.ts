import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { formatAddress } from "../../../chain/crypto/address.ts";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { PomlClient } from "../../../node/api/client.ts";
import type { TrainSpecJson } from "../../../node/api/contract/jobs/train.ts";
import { poml } from "../../../node/cli/format.ts";
import { writeGenesisFile } from "../../../node/config/genesis-file.ts";
import { CSV, TOKEN } from "../api/support.ts";
import { CliStage } from "./support.ts";

describe("poml as a client", () => {
  let stage: CliStage;

  before(async () => {
    stage = await CliStage.open();
    await writeFile(join(stage.directory, "flowers.csv"), CSV);
  });
  after(() => stage.close());

  it("shows the status for people and for programs", async () => {
    const { stdout, exit } = await stage.run("status");
    expect(exit).equal(0);
    expect(stdout).contain("node 0").and.contain("height");
    const json = await stage.json("status");
    expect(json.genesisRoot).match(/^[0-9a-f]{64}$/);
    expect(json.registry).to.be.an("array").with.length(4);
  });

  it("shows that searches are too far away for its workers, and what to do", async () => {
    const { node } = stage.test;
    const figures = { lanes: 1, lanesInAll: 1, lost: 0.62, rttMs: 1_200, leaseMs: 61_000 };
    node.searchTroubles = [{ job: new Uint8Array(32).fill(7), code: "TOO_FAR", ...figures }];
    const { stdout } = await stage.run("status");
    node.searchTroubles = [];
    expect(stdout).match(/^note: search 070707070707…: this node's worker lost 62 %/m);
    expect(stdout).match(/^ {2}try: give this node a faster connection/m);
  });

  it("sends money and waits until it is final", async () => {
    const [founder] = stage.test.node.chain.founders;
    const to = formatAddress(founder?.address ?? new Uint8Array(20));
    const sent = await stage.json("wallet", "send", to, "2.5");
    expect(sent.height).to.be.a("number");
    expect(sent.fee).equal("37500");
    const account = await stage.json("wallet", "balance");
    expect(BigInt(String(account.balance)) <= 999_997_462_500n).equal(true);
  });

  it("refuses amounts and addresses it cannot read, as usage errors", async () => {
    const { stderr, exit } = await stage.run("wallet", "send", "poml1nobody", "1");
    expect(exit).equal(2);
    expect(stderr).contain("address").and.contain("try:");
    expect((await stage.run("wallet", "balance", "x")).exit).equal(2);
  });

  it("imports a CSV, orders a job on it, and follows it to the settlement", async () => {
    const dataset = await stage.json(
      "dataset",
      "import",
      "csv",
      join(stage.directory, "flowers.csv"),
      "--label",
      "label",
    );
    expect(dataset).deep.include({ name: "flowers" });
    const listed = await stage.run("dataset", "list");
    expect(listed.stdout).contain("flowers");
    const opened = await stage.json(
      "job",
      "submit",
      "--dataset",
      "flowers",
      "--preset",
      "logistic",
      "--rounds",
      "2",
    );
    expect(opened.id, JSON.stringify(opened)).match(/^[0-9a-f]{64}$/);
    const id = String(opened.id);
    const watching = stage.run("job", "watch", id.slice(0, 10));
    stage.test.node.runJobs();
    const watched = await watching;
    expect(watched.exit, watched.stderr).equal(0);
    expect(watched.stdout).contain("accuracy");
    const shown = await stage.run("job", "show", id);
    expect(shown.stdout).contain("done, 2 of 2 rounds").and.contain("refund");
    expect((await stage.run("job", "list")).stdout).match(/flowers +done +2 of 2/);
  });

  it("reports what an import did, and asks for options that it cannot guess", async () => {
    const votes = join(stage.directory, "votes.csv");
    const line = (i: number): string => `${i % 3 ? "left" : "right"};${i % 2 ? "y" : "n"};${i},5`;
    await writeFile(votes, Array.from({ length: 40 }, (_, i) => line(i)).join("\n"));
    const { stdout, exit } = await stage.run("dataset", "import", "csv", votes, "--label", "0");
    expect(exit).equal(0);
    for (const word of ["no header", "semicolon", "decimal commas", "column number 0"]) {
      expect(stdout).match(new RegExp(`note: .*${word}`));
    }
    const json = await stage.json("dataset", "import", "csv", votes, "--label", "-3");
    expect(json.notes).to.be.an("array").with.length.above(3);
    const refused = await stage.run("dataset", "import", "csv", votes, "--label", "y");
    expect(refused.exit).not.equal(0);
    expect(refused.stderr).contain("no column").and.contain("header yes");
    const left = await stage.json(
      ...["dataset", "import", "csv", votes, "--label", "0", "--leave-out", "1", "column-3"],
    );
    expect(left.error).deep.include({ code: "EMPTY" });
    const typo = await stage.run("dataset", "import", "csv", votes, "--header", "ja");
    expect(typo.exit).equal(2);
    expect(typo.stderr).contain("yes, no, auto");
    for (const { id, name } of await stage.test.node.datasets()) {
      if (name === "votes") stage.test.node.forgetDataset(id);
    }
  });

  it("downloads model and certificate of a finished job", async () => {
    const { jobs } = (await stage.json("job", "list")) as { jobs: { id: string }[] };
    const out = join(stage.directory, "model");
    const id = jobs[0]?.id ?? "";
    const { exit, stdout, stderr } = await stage.run("job", "result", id, "--out", out);
    expect(exit, stderr).equal(0);
    expect(stdout).match(/poml verify .* --trust \d+:/);
    JSON.parse(await readFile(join(out, "model.json"), "utf8"));
    JSON.parse(await readFile(join(out, "certificate.json"), "utf8"));
  });

  it("verifies that model against a block of any age, and says what keeps it from it", async () => {
    const directory = join(stage.directory, "model");
    // Above the block the certificate is anchored in.
    const { height } = stage.test.node.advance().header;
    for (const at of [1, height]) {
      const found = await stage.test.node.block(at);
      const hash = toHex(found?.certificate.blockHash ?? new Uint8Array());
      const trust = ["verify", directory, "--trust", `${at}:${hash}`];
      const alone = await stage.run(...trust);
      expect(alone.exit).equal(5);
      expect(alone.stderr).contain("--api");
      const helped = await stage.run(...trust, "--api", stage.test.url);
      expect(helped.exit, helped.stderr).equal(0);
      expect(helped.stdout).contain(`it follows from block ${at} `);
      const away = await stage.run(...trust, "--api", "http://127.0.0.1:1");
      expect(away.exit).equal(4);
    }
    const genesis = join(stage.directory, "genesis.json");
    await writeGenesisFile(genesis, stage.test.node.chain.genesis);
    const offline = await stage.run("verify", directory, "--genesis", genesis);
    expect(offline.exit, offline.stderr).equal(0);
    expect(offline.stdout).contain("it follows from the genesis");
    const young = await stage.run("verify", directory, "--genesis", genesis, "--max-age", "14");
    expect(young.exit).equal(5);
    expect(young.stderr).contain("too old");
    expect((await stage.run("verify", directory)).exit).equal(2);
  });

  it("proves a balance and a record from a trusted block, and nothing to a reader that trusts another", async () => {
    const { node } = stage.test;
    const { address } = node.chain.client;
    const founder = node.state().nodes.at(0).publicKey;
    const first = await node.block(1);
    const hash = toHex(first?.certificate.blockHash ?? new Uint8Array());
    const trust = ["--trust", `1:${hash}`];
    const account = await stage.json("prove", "account", formatAddress(address), ...trust);
    expect(account).deep.include({ kind: "account", index: 0, trusted: `1:${hash}` });
    expect((account.value as { nonce: number }).nonce).greaterThan(0);
    const shown = await stage.run("prove", "account", formatAddress(address), ...trust);
    expect(shown.stdout)
      .contain(formatAddress(address))
      .and.match(/balance +[\d.]+ POML/);
    for (const text of ["0", node.state().nodes.length > 0 ? "node 0" : "", toHex(founder)]) {
      const named = await stage.json("prove", "node", text, ...trust);
      expect(named, text).deep.include({ kind: "node", index: 0 });
    }
    const nobody = await stage.run("prove", "node", "nobody", ...trust);
    expect(nobody.exit).equal(2);
    expect(nobody.stderr).contain('public key "nobody"').and.contain("npx poml status");
    const job = toHex(node.chain.job(0).id);
    const record = await stage.run("prove", "record", job, "1", ...trust);
    expect(record.exit, record.stderr).equal(0);
    expect(record.stdout).contain("which follows from 1:");
    const short = await stage.json("prove", "job", job.slice(0, 12), ...trust);
    expect(short).deep.include({ kind: "job" });
    const other = ["--trust", `1:${"ab".repeat(32)}`];
    const refused = await stage.run("prove", "account", formatAddress(address), ...other);
    expect(refused.exit).equal(5);
    expect(refused.stderr).contain("NOT proven");
    const { genesis } = node.chain;
    const elsewhere = join(stage.directory, "elsewhere.json");
    await writeGenesisFile(elsewhere, { ...genesis, time: genesis.time + 1n });
    const chain = await stage.run("prove", "node", toHex(founder), "--genesis", elsewhere);
    expect(chain.exit).equal(5);
    expect(chain.stderr).contain("another chain");
    expect((await stage.run("prove", "record", job, ...trust)).exit).equal(2);
    expect((await stage.run("prove", "job", "ab".repeat(32), ...trust)).exit).equal(3);
  });

  it("shows the outcome of a cancelled job, and fails to watch it", async () => {
    const { id } = await stage.json("job", "submit", "--dataset", "flowers", "--rounds", "3");
    const job = String(id).slice(0, 12);
    const index = stage.test.node.state().jobIndex(fromHex(String(id))) ?? -1;
    const place = stage.test.node.state().jobs.at(index).opening;
    const asked = await stage.run("job", "cancel", job);
    expect(asked.exit).equal(2);
    const [, amount = ""] = /burns ([\d.,]+) POML/.exec(asked.stderr) ?? [];
    expect(asked.stderr).contain("Nothing was done").and.contain("--yes");
    const cancelled = await stage.run("job", "cancel", job, "--yes");
    expect(cancelled.exit, cancelled.stderr).equal(0);
    expect(cancelled.stdout).contain(`${amount} POML burn`);
    const again = await stage.run("job", "cancel", job, "--yes");
    expect(again.exit).equal(1);
    expect(again.stderr).contain("cannot be cancelled now");
    stage.test.node.runJobs();
    const { settlement } = stage.test.node.chain.job(index);
    expect(amount).equal(poml(settlement.burned - place));
    expect((await stage.run("job", "list")).stdout).match(/flowers +cancelled +0 of 3/);
    const shown = await stage.run("job", "show", job);
    expect(shown.stdout).contain("Its client cancelled it").and.not.contain("no model yet");
    const watched = await stage.run("job", "watch", job);
    expect(watched.exit).equal(1);
    expect(watched.stderr).contain("cancelled: Its client cancelled it");
    const { error } = await stage.json("job", "watch", job);
    expect(error).deep.include({ code: "JOB_INCOMPLETE" });
    const result = await stage.run("job", "result", job, "--out", join(stage.directory, "none"));
    expect(result.exit).equal(3);
    expect(result.stderr).contain("There is no model").and.contain("--data-dir");
  });

  it("lists the ids of all datasets with one name", async () => {
    const other = join(stage.directory, "other.csv");
    await writeFile(other, CSV.replaceAll("class0", "class9"));
    const twin = await stage.json(
      "dataset",
      "import",
      "csv",
      other,
      "--name",
      "flowers",
      "--label",
      "label",
    );
    const { exit, stderr } = await stage.run("job", "submit", "--dataset", "flowers");
    expect(exit).equal(2);
    const start = String(twin.id).slice(0, 16);
    expect(stderr).contain("more than one fits").and.contain(start).and.contain("rows to train");
    await stage.json("job", "submit", "--dataset", start, "--rounds", "1");
    stage.test.node.forgetDataset(String(twin.id));
  });

  it("orders by options, which win over the order file", async () => {
    const order = join(stage.directory, "order.json");
    const optimizer = { kind: "adam", learningRate: 0.5, beta1: 0.8 };
    await writeFile(order, JSON.stringify({ dataset: "flowers", loss: "huber", optimizer }));
    const chosen = async (...args: string[]) => {
      const { id } = await stage.json("job", "submit", ...args);
      const { spec } = await stage.json("job", "show", String(id));
      return spec as TrainSpecJson;
    };
    expect(await chosen("--order", order, "--learning-rate", "0.25")).deep.include({
      loss: "huber",
      optimizer: {
        kind: "adam",
        learningRate: 0.25,
        beta1: 0.8,
        beta2: 0.999,
        epsilon: 1e-7,
        weightDecay: 0,
      },
    });
    const other = ["--optimizer", "adagrad", "--clip-norm", "2", "--loss", "meanSquaredError"];
    expect(await chosen("--order", order, ...other)).deep.include({
      loss: "meanSquaredError",
      optimizer: {
        kind: "adagrad",
        learningRate: 0.01,
        initialAccumulator: 0.1,
        epsilon: 1e-7,
        weightDecay: 0,
        clipNorm: 2,
      },
    });
    const combined = ["--aggregation", "krum", "--hostile", "0.25", "--bucket", "2"];
    const server = ["--server", "yogi", "--server-learning-rate", "0.02", "--server-tau", "0.01"];
    expect(await chosen("--dataset", "flowers", ...combined, ...server)).deep.include({
      aggregation: { rule: "krum", hostile: 0.25, bucket: 2 },
      server: { kind: "yogi", learningRate: 0.02, beta1: 0.9, beta2: 0.99, tau: 0.01 },
    });
    expect(await chosen("--dataset", "flowers", "--server-momentum", "0.9")).deep.include({
      aggregation: { rule: "fedavg", bucket: 1 },
      server: { kind: "sgd", learningRate: 1, momentum: 0.9 },
    });
    const plain = await chosen("--dataset", "flowers", "--optimizer", "sgd", "--momentum", "0");
    expect(plain.optimizer).deep.include({ kind: "sgd", learningRate: 0.05, momentum: 0 });
    const { exit, stderr } = await stage.run(
      "job",
      "submit",
      "--dataset",
      "flowers",
      "--momentum",
      "0.5",
    );
    expect(exit).equal(2);
    expect(stderr).contain("momentum");
  });

  it("names field and remedy of a wrong order", async () => {
    const { exit, stderr } = await stage.run("job", "submit", "--rounds", "many");
    expect(exit).equal(2);
    expect(stderr).contain("rounds").and.contain("try:");
    for (const [option, value, field] of [
      ["--epochs", "0", "localEpochs"],
      ["--optimizer", "lion", "optimizer.kind"],
      ["--learning-rate", "-1", "optimizer.learningRate"],
      ["--momentum", "0.5", "optimizer.momentum"],
      ["--aggregation", "mode", "aggregation.rule"],
      ["--hostile", "0.5", "aggregation.hostile"],
      ["--server", "lion", "server.kind"],
      ["--server-beta2", "0.5", "server.beta2"],
    ] as const) {
      const wrong = await stage.run("job", "submit", option, value);
      expect(wrong.exit).equal(2);
      expect(wrong.stderr).contain(`${field}:`).and.contain(`correct ${option};`);
    }
    const json = await stage.json("job", "submit", "--dataset", "nothing");
    expect(json.error).deep.include({ code: "DATASET_NOT_FOUND", field: "dataset" });
  });

  it("takes prices in POML, as everything else, and no whole numbers for micro-POML", async () => {
    const submit = ["job", "submit", "--dataset", "flowers", "--rounds", "1", "--price"];
    const whole = await stage.run(...submit, "10");
    expect(whole.exit).equal(2);
    expect(whole.stderr).contain("for 10 micro-POML give 0.00001").and.contain("write 10.0");
    expect((await stage.run(...submit, "0.0000001")).exit).equal(2);
    const { id } = await stage.json(...submit, "0.00002");
    const { jobs } = stage.test.node.state();
    const opened = [...jobs.activeEntries()].find(([, job]) => toHex(job.id) === id)?.[1];
    expect(opened?.spec.pricePerUnit).equal(20n);
  });

  it("distinguishes a task from a dataset", async () => {
    const task = "ab".repeat(16);
    const ordered = await stage.run("job", "submit", "--dataset", task);
    expect(ordered.exit).equal(2);
    expect(ordered.stderr).contain(`is a task, not a dataset: ask /v1/tasks/${task}`);
    const answer = async (dataset: string): Promise<string> => {
      const client = new PomlClient(stage.test.url, { token: TOKEN });
      return String(await client.prepareJob({ dataset }).catch((error: unknown) => error));
    };
    expect(await answer(task)).contain(`ask /v1/tasks/${task}`);
    expect(await answer("ab")).contain("64 lower-case hex");
  });

  it("places this machine among the network's nodes by capacity and by quality", async () => {
    const short = ["--seconds", "0.1", "--segment-steps", "1", "--track-width", "16"];
    const args = ["benchmark", ...short, "--track-epochs", "1", "--compare"];
    const { network } = (await stage.json(...args)) as { network: Record<string, unknown> };
    expect(network.nodes).equal(4);
    expect(network.quality).deep.equal({ place: 5, median: 1, highest: 1 });
    const { stdout } = await stage.run(...args);
    expect(stdout).contain("Quality among them: place 5, median 1.000, highest 1.000");
    const away = ["--api", "http://127.0.0.1:1", "--seconds", "3600"];
    expect((await stage.run("benchmark", "--compare", ...away)).exit).equal(4);
  });

  it("distinguishes a missing job from a node that does not answer", async () => {
    expect((await stage.run("job", "show", "ab".repeat(32))).exit).equal(3);
    const unreachable = await stage.run("status", "--api", "http://127.0.0.1:1");
    expect(unreachable.exit).equal(4);
    expect(unreachable.stderr).contain("127.0.0.1:1");
  });

  it("passes on the server's refusal of a wrong token", async () => {
    const token = join(stage.directory, "wrong-token");
    await writeFile(token, "not-the-token\n", { mode: 0o600 });
    const csv = join(stage.directory, "flowers.csv");
    const args = ["dataset", "import", "csv", csv, "--token-file"];
    const { exit, stderr } = await stage.run(...args, token);
    expect(exit).equal(6);
    expect(stderr).contain("token");
    expect((await stage.run(...args, stage.wallet)).exit).equal(7);
  });
});
