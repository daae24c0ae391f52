/**
 * The main walk with real processes: four `poml node` train models for a client that knows only the
 * HTTP API, while nodes are killed, started again, and find their disk damaged.
 */

import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { decodeManifest } from "../../ml/dataset/manifest.ts";
import type { ApiError } from "../../node/api/api-error.ts";
import type { DatasetJson } from "../../node/api/contract/dataset.ts";
import { ofKind } from "../../node/api/contract/jobs/job.ts";
import type { TrainDetail, TrainOrder, TrainRound } from "../../node/api/contract/jobs/train.ts";
import { verifyDirectory } from "../../node/cli/commands/verify.ts";
import { EXIT } from "../../node/cli/exit-codes.ts";
import { downloadResult } from "../../node/cli/job/download.ts";
import { followJob, isBalanced, isComplete } from "../../node/cli/job/follow.ts";
import { parseTrusted } from "../../node/cli/trust-options.ts";
import { dataDirPaths } from "../../node/config/data-dir.ts";
import type { TrustedPoint } from "../../node/config/trust.ts";
import { CERTIFICATE_FILE } from "../../node/light/certificate.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { flowersCsv } from "../helpers/flowers.ts";
import { LocalNetwork, type LocalNode } from "../helpers/local-network.ts";
import { orderJob } from "../helpers/order-job.ts";
import { until } from "../helpers/until.ts";

const JOB_MS = 420_000;
const BLOCK_MS = 60_000;
const TEST_MS = 480_000;
/** No chain can be caught up with by chance within so few blocks. */
const BEHIND_BLOCKS = 3;

describe("a network of four processes", function () {
  this.timeout(TEST_MS);
  this.bail(true);

  let net: LocalNetwork;
  let dataset: DatasetJson;
  /** The finished first job. */
  let settled: TrainDetail;
  /** Killed last, and its height shortly before. */
  let victim: LocalNode;
  let heightBefore: number;

  const order = (changes: Partial<TrainOrder> = {}): TrainOrder => ({
    name: "flowers",
    dataset: dataset.id,
    model: { preset: "mlp" },
    rounds: 2,
    localEpochs: 4,
    batchSize: 16,
    optimizer: { kind: "sgd", learningRate: 0.05 },
    participants: 4,
    quorum: 3,
    teamSize: 3,
    phaseSeconds: 12,
    ...changes,
  });
  /** Trains for some seconds a round, so that a node can be killed in the middle. */
  const longOrder = (changes: Partial<TrainOrder> = {}): TrainOrder =>
    order({
      model: { preset: "2nn" },
      localEpochs: 100,
      batchSize: 32,
      optimizer: { kind: "sgd", learningRate: 0.02, momentum: 0 },
      // Longer than it takes on a machine with other work on it.
      phaseSeconds: 24,
      ...changes,
    });
  const open = async (wanted: TrainOrder): Promise<string> =>
    (await orderJob(net.at(0).client, net.client, wanted)).id;
  const follow = async (node: LocalNode, id: string): Promise<TrainDetail> => {
    // The block that opened it may come here later than to the node that took the order.
    await node.client.waitForTransaction(id);
    const signal = AbortSignal.timeout(JOB_MS);
    return ofKind("train", await followJob(node.client, id, { timeoutMs: JOB_MS, signal }));
  };
  const roundsOf = async (node: LocalNode, id: string): Promise<TrainRound[]> =>
    (await node.client.rounds(id)).rounds.map((round) => ofKind("train", round));

  before(async () => {
    net = await LocalNetwork.create({ nodes: 4 });
    await net.start();
    dataset = await net.at(0).client.uploadCsv("flowers", flowersCsv(3000), { label: "species" });
  });
  afterEach(function () {
    const test = this.currentTest;
    if (test?.err !== undefined) test.err = net.explained(test.err);
  });
  after(() => net?.stop());

  it("trains a model for a client of the API and settles", async () => {
    const { id, prepared } = await orderJob(net.at(0).client, net.client, order());
    // Seen through another node than the one the order was handed to.
    settled = await follow(net.at(1), id);
    expect(settled.phase).equal("settled");
    expect(isComplete(settled)).equal(true);
    expect(settled.metrics?.accuracy).greaterThan(0.9);
    expect(settled.escrow).equal(prepared.escrow);
    expect(isBalanced(settled)).equal(true);
    expect(settled.participants.map(({ paidRounds }) => paidRounds)).eql([2, 2, 2, 2]);
    const rounds = await roundsOf(net.at(2), id);
    expect(rounds.map(({ round }) => round)).eql([1, 2]);
    expect(rounds[0]?.modelAfter).equal(rounds[1]?.modelBefore);
    expect(rounds[1]?.modelAfter).equal(settled.parameters);
  });

  it("serves the files of the job by hash to a client that asks enough nodes", async () => {
    const bytesOf = async (path: string): Promise<Uint8Array | undefined> => {
      for (const index of [0, 1, 2, 3]) {
        const answer = await fetch(`${net.at(index).client.baseUrl}${path}`);
        if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
        expect(answer.status, path).equal(404);
        await answer.arrayBuffer();
      }
      return undefined;
    };
    const rounds = await roundsOf(net.at(2), settled.id);
    const hashes = rounds.flatMap(({ modelAfter, contributions }) => [
      modelAfter,
      ...contributions.map(({ updateHash }) => updateHash),
    ]);
    expect(hashes).length(10);
    for (const hash of [settled.spec.model, settled.spec.dataset, ...hashes]) {
      const bytes = await bytesOf(`/v1/blobs/${hash}`);
      expect(toHex(sha256(bytes ?? new Uint8Array())), hash).equal(hash);
    }
    const manifest = decodeManifest(
      (await bytesOf(`/v1/datasets/${settled.spec.dataset}/manifest`)) ?? new Uint8Array(),
    );
    for (const { sha256: hash } of [...manifest.train, ...manifest.test]) {
      const bytes = await bytesOf(`/v1/datasets/${settled.spec.dataset}/chunks/${hash}`);
      expect(toHex(sha256(bytes ?? new Uint8Array())), hash).equal(hash);
    }
  });

  it("proves where the model came from, and refuses a model that was tampered with", async () => {
    const directory = join(net.directory, "model");
    const { anchorHeight } = await downloadResult(net.at(0).client, settled, directory);
    const trusted = await trustedBlock(net.at(1), anchorHeight);
    const { proved } = await verifyDirectory(directory, trusted);
    expect(proved.map(({ claim }) => claim)).include.members(["final", "weights", "dataset"]);

    const refused = (from: TrustedPoint = trusted) =>
      expectCodeAsync(() => verifyDirectory(directory, from), "NOT_VERIFIED");
    await refused(await trustedBlock(net.at(1), anchorHeight - 1));
    for (const name of ["weights.bin", "model.json"]) {
      await whileChanged(join(directory, name), flipMiddle, () => refused());
    }
    const path = join(directory, CERTIFICATE_FILE);
    const certificate: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"));
    for (const field of Object.keys(certificate)) {
      const changed = { ...certificate, [field]: tampered(certificate[field]) };
      const bytes = new TextEncoder().encode(JSON.stringify(changed));
      const error = await whileChanged(
        path,
        () => bytes,
        () => refused(),
      );
      expect(error.remedy, field).not.equal(undefined);
    }
    await verifyDirectory(directory, trusted);
  });

  it("proves it also from any other block, with the help of a node that nobody trusts", async () => {
    const directory = join(net.directory, "model");
    const { height } = await net.at(1).client.status();
    // The node that helps must have got as far as the block that is trusted.
    await trustedBlock(net.at(2), height);
    for (const start of [1, Math.floor(height / 2), height]) {
      const trusted = await trustedBlock(net.at(1), start);
      const { proved } = await verifyDirectory(directory, trusted, {
        api: net.at(2).client.baseUrl,
      });
      const chain = proved.find(({ claim }) => claim === "chain")?.detail;
      expect(chain).contain(`block ${start} `);
    }
  });

  it("finishes a job though a participant is killed in the middle of a round", async () => {
    const id = await open(longOrder({ rounds: 3 }));
    const started = await untilTraining(net.at(0), id, 2);
    const managers = started.team.map(({ name }) => name);
    const index = started.participants.find(({ name }) => !managers.includes(name))?.node ?? -1;
    victim = net.named(started.participants.find(({ node }) => node === index)?.name ?? "");
    heightBefore = (await victim.client.status()).height;
    await victim.kill();

    const witness = net.witness(victim);
    const job = await follow(witness, id);
    expect(isComplete(job)).equal(true);
    expect(isBalanced(job)).equal(true);
    const { rounds } = await witness.client.rounds(id);
    const trainers = rounds.map(({ contributions }) => contributions.map(({ node }) => node));
    expect(trainers[0]).include(index);
    for (const nodes of trainers.slice(1)) {
      expect(nodes).lengthOf(3);
      expect(nodes).not.include(index);
    }
    // Killed before its audit it could not serve it, and is not paid for what nobody saw.
    const killed = job.participants.find(({ node }) => node === index);
    expect(killed?.paidRounds).equal(killed?.fault === undefined ? 1 : 0);
    expect(killed?.fault).oneOf([undefined, "not-served"]);
  });

  it("starts a killed node again with its chain, and it catches up", async () => {
    const witness = net.witness(victim);
    await victim.start();
    const height = await startedAt(victim);
    expect(height).least(heightBefore).and.greaterThan(0);
    const kept = await victim.client.block(height);
    expect(kept.hash).equal((await witness.client.block(height)).hash);
    await untilCaughtUp(victim, witness);
  });

  it("finishes a job though its manager is killed: another takes over the round", async () => {
    const id = await open(longOrder());
    const started = await untilTraining(net.at(0), id, 2);
    const [manager] = started.team;
    victim = net.named(manager?.name ?? "");
    await victim.kill();

    const witness = net.witness(victim);
    const job = await follow(witness, id);
    expect(isComplete(job)).equal(true);
    expect(isBalanced(job)).equal(true);
    const { rounds } = await witness.client.rounds(id);
    expect(rounds.map(({ round }) => round)).eql([1, 2]);
    expect(rounds[1]?.manager).not.equal(manager?.node);
    expect(job.team.map(({ node }) => node)).include(rounds[1]?.manager);
  });

  it("never serves a flipped bit of its database: it refuses to start, or mends what it can", async () => {
    const { db } = dataDirPaths(victim.dataDir);
    await writeChanged(await largestFile(db), flipMiddle);
    const witness = net.witness(victim);
    const problem = await startOrRefusal(victim, witness);
    if (problem !== undefined) {
      expect(problem).include({ code: "DAMAGED_STORE" });
      expect(problem.remedy).contain("--resync");
    }
    await victim.stop();

    await victim.start("--resync");
    await untilCaughtUp(victim, witness);
    const early = await victim.client.block(2);
    expect(early.hash).equal((await witness.client.block(2)).hash);
  });

  it("notices a database that is gone", async () => {
    await victim.stop();
    await rm(dataDirPaths(victim.dataDir).db, { recursive: true });
    const problem = await refusedStart(victim);
    expect(problem).include({ code: "STORE_MISSING" });
    expect(problem.remedy).contain("--resync");
  });
});

async function trustedBlock(node: LocalNode, height: number): Promise<TrustedPoint> {
  await until(
    async () => (await node.client.status()).height >= height,
    BLOCK_MS,
    `block ${height}`,
  );
  const { hash } = await node.client.block(height);
  return parseTrusted(`${height}:${hash}`);
}

async function untilTraining(node: LocalNode, id: string, round: number): Promise<TrainDetail> {
  let job = await node.client.job(id);
  const isTraining = async (): Promise<boolean> => {
    job = await node.client.job(id);
    return job.phase === "training" && job.round === round;
  };
  await until(isTraining, JOB_MS, `training in round ${round}`);
  return ofKind("train", job);
}

async function untilCaughtUp(node: LocalNode, witness: LocalNode): Promise<void> {
  const { height } = await witness.client.status();
  const target = height + BEHIND_BLOCKS;
  const reached = async (): Promise<boolean> => (await node.client.status()).height >= target;
  await until(reached, BLOCK_MS, `height ${target} on ${node.name}`);
  const at = await node.client.block(target);
  await until(
    async () => (await witness.client.status()).height >= target,
    BLOCK_MS,
    `height ${target} on ${witness.name}`,
  );
  expect(at.hash).equal((await witness.client.block(target)).hash);
}

/** The height its store held when it was started last. */
async function startedAt({ logPath }: LocalNode): Promise<number> {
  const lines = (await readFile(logPath, "utf8")).split("\n");
  const line = lines.findLast((text) => text.includes('"msg":"node started"'));
  return JSON.parse(line ?? "{}").height;
}

/** Starts a node that must end by itself. @returns the error it printed */
async function refusedStart(node: LocalNode): Promise<{ code: string; remedy: string }> {
  const child = await node.launch("--json");
  await until(() => !child.isRunning, BLOCK_MS, `end of ${node.name}`);
  expect(await child.ended).not.equal(`exit status ${EXIT.ok}`);
  const line = (await child.tail()).split("\n").findLast((text) => text.startsWith('{"error"'));
  return JSON.parse(line ?? "{}").error;
}

/** @returns the error it ended with, or undefined once it serves every block as its witness does */
async function startOrRefusal(
  node: LocalNode,
  witness: LocalNode,
): Promise<{ code: string; remedy: string } | undefined> {
  const child = await node.launch("--json");
  const answers = async (): Promise<boolean> =>
    !child.isRunning || (await node.client.status().then(Boolean, () => false));
  await until(answers, BLOCK_MS, `start or end of ${node.name}`);
  if (child.isRunning) {
    const { height } = await witness.client.status();
    for (let at = 1; at <= height - BEHIND_BLOCKS; at++) {
      const expected = (await witness.client.block(at)).hash;
      const answer = await node.client.block(at).then(
        ({ hash }) => hash,
        ({ code }: ApiError) => code,
      );
      // Damaged and not mended yet is an honest answer; a wrong block is not.
      expect(answer).oneOf([expected, "BLOCK_DAMAGED", "UNKNOWN_BLOCK"]);
    }
    return undefined;
  }
  const line = (await child.tail()).split("\n").findLast((text) => text.startsWith('{"error"'));
  return JSON.parse(line ?? "{}").error;
}

async function largestFile(directory: string): Promise<string> {
  const paths = (await readdir(directory)).map((name) => join(directory, name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths[sizes.indexOf(Math.max(...sizes))] ?? directory;
}

function flipMiddle(bytes: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes);
  const middle = Math.floor(bytes.length / 2);
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  return changed;
}

async function writeChanged(
  path: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  const original = await readFile(path);
  await writeFile(path, change(original));
  return original;
}

async function whileChanged<T>(
  path: string,
  change: (bytes: Uint8Array) => Uint8Array,
  action: () => Promise<T>,
): Promise<T> {
  const original = await writeChanged(path, change);
  try {
    return await action();
  } finally {
    await writeFile(path, original);
  }
}

/** A certificate's field with one hex digit, element or unit changed. */
function tampered(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (Array.isArray(value)) return [...value.slice(0, -1), tampered(value.at(-1))];
  const text = String(value);
  const middle = Math.floor(text.length / 2);
  const digit = text[middle] === "0" ? "1" : "0";
  return `${text.slice(0, middle)}${digit}${text.slice(middle + 1)}`;
}
