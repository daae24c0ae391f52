/** The client against a real server: every read, the whole way of a job, and waiting for finality. */

import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { formatAddress } from "../../../chain/crypto/address.ts";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { JobSpec } from "../../../chain/types/job.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import { optimizerOf } from "../../../ml/job-hyperparameters.ts";
import { PomlClient } from "../../../node/api/client.ts";
import { ofKind } from "../../../node/api/contract/jobs/job.ts";
import type { TrainOrder } from "../../../node/api/contract/jobs/train.ts";
import { Status } from "../../../node/api/contract/network.ts";
import { person } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";
import { CSV, startApi, type TestApi, TOKEN } from "./support.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("PomlClient", () => {
  let test: TestApi;
  let client: PomlClient;

  beforeEach(async () => {
    test = await startApi();
    client = new PomlClient(test.url, { token: TOKEN });
  });
  afterEach(() => test.stop());

  it("reads status, nodes and accounts", async () => {
    test.node.advance();
    const status = await client.status();
    expect(status.height).to.equal(1);
    expect(status.genesisRoot).to.equal(toHex(test.node.chain.genesisRoot));
    expect(status.parameters.feeFloor).to.equal("1000");
    expect(status.lastWindow).to.include({ window: 3, segments: 12, coreShare: 0.4 });
    expect(status.lastWindow?.disturbed).to.match(/other programs.* took 60 % of each core/);
    expect(status.searchTroubles).to.deep.equal([]);
    const { nodes, next } = await client.nodes({ from: 1, limit: 2 });
    expect(nodes.map(({ index }) => index)).to.deep.equal([1, 2]);
    expect(next).to.equal(3);
    const job = new Uint8Array(32).fill(0xab);
    const figures = { lanes: 1, lanesInAll: 2, lost: 0.62, rttMs: 1200, leaseMs: 61_000 };
    test.node.searchTroubles = [
      { job, code: "TOO_FAR", ...figures },
      { job, code: "NO_MANAGER", silentMs: 40_000.5 },
    ];
    const troubled = Status.parse(await client.status());
    expect(troubled.searchTroubles).to.deep.equal([
      { job: toHex(job), code: "TOO_FAR", ...figures },
      { job: toHex(job), code: "NO_MANAGER", silentMs: 40_001 },
    ]);
    expect(troubled.notices.map(({ code }) => code)).to.include("SEARCH_TOO_FAR");
    const first = nodes[0]?.publicKey ?? "";
    expect((await client.node(first)).name).to.equal("node 1");
    const address = formatAddress(test.node.chain.client.address);
    const account = await client.account(address);
    expect(account).to.deep.equal({
      address,
      balance: (1_000_000n * POML).toString(),
      nonce: 0,
      nextNonce: 0,
    });
  });

  it("submits many transactions at once, and gets a result for each", async () => {
    const { chain } = test.node;
    const pay = (nonce: number) =>
      chain.transaction(
        chain.client,
        "transfer",
        { to: person("someone").address, amount: 5n },
        { nonce },
      );
    const [first, second] = [pay(0), pay(1)];
    const unsigned = { ...pay(2), signature: new Uint8Array(64) };
    const results = await client.submitTransactions(
      [first, second, first, unsigned].map((signed) => SignedTransaction.serialize(signed)),
    );
    expect(results.map(({ id }) => id)).to.deep.equal(
      [first, second, first, unsigned].map(({ transaction }) => toHex(transactionId(transaction))),
    );
    expect(results.map(({ problem }) => problem?.code)).to.deep.equal([
      undefined,
      undefined,
      "ALREADY_KNOWN",
      "BAD_SIGNATURE",
    ]);
    expect(await client.submitTransactions([])).to.deep.equal([]);
    expect((await client.account(formatAddress(chain.client.address))).nextNonce).to.equal(2);
  });

  it("submits a transaction and waits until it is final", async () => {
    const { chain } = test.node;
    const to = person("someone").address;
    const transfer = chain.transaction(chain.client, "transfer", { to, amount: 5n * POML });
    const id = await client.submitTransaction(SignedTransaction.serialize(transfer));
    expect((await client.transaction(id)).state).to.equal("pending");
    expect((await client.account(formatAddress(chain.client.address))).nextNonce).to.equal(1);
    const waiting = client.waitForTransaction(id);
    test.node.advance();
    const final = await waiting;
    expect(final).to.include({ state: "final", height: 1, index: 0 });
    expect(final.transaction.payload).to.deep.equal({ to: formatAddress(to), amount: "5000000" });
    expect((await client.account(formatAddress(to))).balance).to.equal("5000000");
  });

  it("gives up waiting when the signal fires", async () => {
    const nobody = "00".repeat(32);
    const signal = AbortSignal.timeout(50);
    await expectCodeAsync(() => client.waitForTransaction(nobody, signal), "TIMEOUT");
  });

  it("follows a job from the dataset to the settlement", async () => {
    const dataset = await client.uploadCsv("flowers", text(CSV));
    expect(dataset).to.include({ name: "flowers", trainRows: 48, testRows: 12 });
    expect((await client.datasets()).map(({ id }) => id)).to.deep.equal([dataset.id]);
    const order = { name: "demo", dataset: dataset.id, model: { preset: "mlp" }, rounds: 2 };
    const prepared = await client.prepareJob(order);
    const ordered = JobSpec.deserialize(Buffer.from(prepared.specBytes, "hex"));
    expect(trainSpec(ordered).rounds).to.equal(2);
    const id = await client.submitJob(order, "key-1");
    expect(await client.submitJob(order, "key-1")).to.equal(id);
    test.node.runJobs();
    const job = ofKind("train", await client.job(id));
    expect(job).to.include({ name: "demo", phase: "settled", round: 2 });
    const parts = Object.values(job.settlement ?? {}).map(BigInt);
    expect(parts.reduce((sum, part) => sum + part, 0n)).to.equal(BigInt(job.escrow));
    const earned = job.participants.reduce((sum, one) => sum + BigInt(one.earned), 0n);
    expect(earned.toString()).to.equal(job.settlement?.participants);
    const { rounds: found } = await client.rounds(id);
    const rounds = found.map((round) => ofKind("train", round));
    expect(rounds.map(({ round }) => round)).to.deep.equal([1, 2]);
    expect(rounds[1]?.metrics).to.deep.equal(job.metrics);
    const all = test.node.jobRecords.bind(test.node);
    test.node.jobRecords = (job, page) => all(job, { ...page, limit: 1 });
    test.node.advance();
    expect((await client.rounds(id)).rounds, "of pages of one").to.deep.equal(rounds);
    test.node.jobRecords = all;
    const model = await client.model(id);
    expect(new Float32Array(model.weightsBin.slice().buffer)[0]).to.equal(2 / 8);
    expect(model.listing.files.map(({ name }) => name)).to.deep.equal([
      "model.json",
      "weights.bin",
      "dataset.json",
    ]);
    const { spec } = test.node.chain.job(0);
    expect(sha256(model.datasetJson)).to.deep.equal(trainSpec(spec).dataset);
    const { files } = test.node;
    const onDisk = Uint8Array.of(1, 2, 3);
    const read = async function* () {
      yield onDisk;
    };
    const { parameters } = job;
    const blob = async (hash: Uint8Array) =>
      toHex(hash) === parameters
        ? { sizeBytes: 3, sha256: toHex(sha256(onDisk)), read }
        : undefined;
    test.node.files = { ...files, blob };
    const streamed = await fetch(`${test.url}/v1/jobs/${id}/model/weights.bin`);
    expect(streamed.headers.get("etag")).to.equal(`"${toHex(sha256(onDisk))}"`);
    expect(new Uint8Array(await streamed.arrayBuffer())).to.deep.equal(onDisk);
    test.node.files = files;
    expect(await client.certificate(id)).to.include({ version: 2, jobIndex: 0 });
    expect((await client.jobs()).jobs).to.have.length(1);
    test.node.chain.settled.forget(0);
    test.node.advance();
    expect(await client.jobs(), "not replayed yet").to.deep.equal({ jobs: [], absent: 1 });
    await expectCodeAsync(() => client.job(id), "UNKNOWN_JOB");
    await expectCodeAsync(() => client.certificate(id), "UNKNOWN_JOB");
  });

  it("prepares a job as ordered, for every optimizer, with stated settings and with defaults", async () => {
    const dataset = await client.uploadCsv("more flowers", text(CSV));
    const prepared = async (changes: Partial<TrainOrder>) => {
      const order = { name: "demo", dataset: dataset.id, model: { preset: "mlp" }, ...changes };
      const { spec, specBytes } = await client.prepareJob(order);
      const wire = JobSpec.deserialize(Buffer.from(specBytes, "hex"));
      expect(spec.optimizer).to.deep.equal(optimizerOf(trainSpec(wire).optimizer));
      return spec;
    };
    const usual = await prepared({});
    expect(usual.loss).to.equal("sparseCategoricalCrossentropy");
    expect(usual.optimizer).to.deep.equal({
      kind: "adam",
      learningRate: 0.005,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      weightDecay: 0.1,
    });
    const adam = await prepared({
      loss: "huber",
      optimizer: { kind: "adam", beta2: 0.99, epsilon: 1e-8, clipNorm: 0.5 },
    });
    expect(adam.loss).to.equal("huber");
    expect(adam.optimizer).to.deep.equal({
      kind: "adam",
      learningRate: 0.005,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      weightDecay: 0,
      clipNorm: 0.5,
    });
    const optimizer = { kind: "adagrad", weightDecay: 0.25, clipValue: 2 } as const;
    expect((await prepared({ optimizer })).optimizer).to.deep.equal({
      kind: "adagrad",
      learningRate: 0.01,
      initialAccumulator: 0.1,
      epsilon: 1e-7,
      weightDecay: 0.25,
      clipValue: 2,
    });
  });

  it("reads blocks with all transactions and records of a job", async () => {
    const { chain } = test.node;
    await test.node.submit(openJob(chain, chain.client, jobSpec("blocks", { rounds: 1 })));
    test.node.runJobs();
    const { blocks, next } = await client.blocks({ limit: 3 });
    expect(blocks).to.have.length(3);
    expect(blocks[0]?.height).to.equal(test.node.state().height);
    expect(next).to.equal((blocks[2]?.height ?? 0) - 1);
    const opened = await client.block(1);
    expect(opened.transactions[0]).to.include({ kind: "job-open" });
    expect(opened.transactions[0]?.payload).to.have.nested.property("spec.name", "blocks");
    expect(opened.certificate.signatures).to.have.length(4);
    const { rounds } = await client.rounds(opened.transactions[0]?.id ?? "");
    const recorded = await client.block(rounds[0]?.blockHash ?? "");
    expect(recorded.records[0]?.contributions).to.have.length(4);
    expect(recorded.header.height).to.equal(rounds[0]?.height);
  });

  it("uploads IDX files", async () => {
    const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, ...range(160));
    const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 40, ...range(40).map((i) => i % 2));
    const dataset = await client.uploadIdx({
      name: "tiny",
      images,
      labels,
      testImages: images,
      testLabels: labels,
    });
    expect(dataset).to.deep.include({ name: "tiny", shape: [2, 2, 1], classes: ["0", "1"] });
  });

  it("says that nobody answers", async () => {
    const { url } = test;
    await test.stop();
    const error = await expectCodeAsync(() => new PomlClient(url).status(), "UNREACHABLE");
    expect(error.message).to.contain(url);
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i % 256);
}
