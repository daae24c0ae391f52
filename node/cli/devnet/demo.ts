/**
 * The demo: a client orders training through the HTTP API, the network does it, and the result is
 * checked as anyone would check it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ApiError } from "../../api/api-error.ts";
import type { PomlClient } from "../../api/client.ts";
import type { DatasetJson } from "../../api/contract/dataset.ts";
import { ofKind, type PreparedJson } from "../../api/contract/jobs/job.ts";
import type { TrainDetail, TrainOrder, TrainRound } from "../../api/contract/jobs/train.ts";
import type { NodeJson } from "../../api/contract/network.ts";
import { type VerifiedDirectory, verifyDirectory } from "../commands/verify.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { gflops, poml } from "../format.ts";
import { findIdxFiles } from "../idx-files.ts";
import { downloadResult } from "../job/download.ts";
import { followJob, isBalanced, isComplete } from "../job/follow.ts";
import { openPrepared } from "../job/open.ts";
import { parseTrusted } from "../trust-options.ts";
import type { LiveView } from "./live-view.ts";
import type { Devnet, RunningNode } from "./network.ts";
import { unratedText, untilRated } from "./ratings.ts";

const DATASET = fileURLToPath(new URL("../../../datasets/fashion-mnist", import.meta.url));
/** Longer than five rounds take on a machine that is busy with other things, with all deadlines of the chain. */
const JOB_DEADLINE_MS = 900_000;
const BLOCK_DEADLINE_MS = 15_000;
const POLL_MS = 250;

/**
 * Small enough for two cores in about a minute. Over seeds and draws it ends between 86 and 87.5 % on
 * the 10,000 test images; with one local epoch some runs ended below 85 %.
 */
const ORDER: Omit<TrainOrder, "dataset"> = {
  name: "fashion-mnist demo",
  model: { preset: "lenet" },
  rounds: 5,
  localEpochs: 2,
  batchSize: 32,
  optimizer: { kind: "sgd", learningRate: 0.04, momentum: 0.9 },
  partition: "iid",
  participants: 4,
  phaseSeconds: 40,
};

export interface DemoResult {
  readonly job: TrainDetail;
  readonly rounds: readonly TrainRound[];
  readonly nodes: readonly NodeJson[];
  readonly dataset: DatasetJson;
  readonly settlementBalanced: boolean;
  readonly modelDir: string;
  /** `height:hash` */
  readonly trustedBlock: string;
  readonly verified: VerifiedDirectory;
  readonly height: number;
}

/** @throws CliError, ApiError when anything is not as it should be */
export async function runDemo(
  net: Devnet,
  view: LiveView,
  signal: AbortSignal,
): Promise<DemoResult> {
  const [entry, witness = entry] = net.running;
  if (entry === undefined || witness === undefined) throw new TypeError("the network has no nodes");
  const { client } = entry;
  const dataset = await importDemoDataset(client, view);
  const prepare = (participants: number): Promise<PreparedJson> =>
    client.prepareJob({ ...ORDER, participants, dataset: dataset.id });
  // The first window opens meanwhile, because preparing the order takes time as well.
  const wanted = Math.min(ORDER.participants ?? 4, net.running.length);
  let prepared = await prepare(wanted);
  view.stage("waiting for the ratings of the first window");
  const rated = await showRatings(net, client, view, signal);
  if (rated < wanted) prepared = await prepare(rated);
  const { id, height } = await openPrepared(client, net.client, prepared);
  view.line(
    `job ${id.slice(0, 12)}… opened in block ${height}, ${poml(prepared.escrow)} POML in escrow`,
  );
  const job = await followJob(client, id, {
    timeoutMs: JOB_DEADLINE_MS,
    remedy: "end what else keeps this machine busy, or take fewer nodes, e.g. `--nodes 2`",
    signal,
    onJob: (seen) => view.job(ofKind("train", seen)),
    onRound: (round, of) => view.round(ofKind("train", round), ofKind("train", of)),
  });
  return collect(net, { id, job: ofKind("train", job), dataset }, { entry, witness });
}

/** @returns how many nodes can be drawn */
async function showRatings(
  net: Devnet,
  client: PomlClient,
  view: LiveView,
  signal: AbortSignal,
): Promise<number> {
  const names = net.running.map(({ name }) => name);
  const { rated, unrated } = await untilRated(client, names, { signal });
  for (const { name, rating } of rated) view.line(`${name} is rated ${gflops(rating)} GFLOP/s`);
  for (const node of net.running.filter(({ name }) => unrated.includes(name))) {
    view.line(unratedText(node.name, await node.client.status()));
  }
  return rated.length;
}

async function importDemoDataset(client: PomlClient, view: LiveView): Promise<DatasetJson> {
  const {
    images = "",
    labels = "",
    testImages = "",
    testLabels = "",
  } = await findIdxFiles(DATASET);
  const dataset = await client.uploadIdx({
    name: "fashion-mnist",
    images: await readFile(images),
    labels: await readFile(labels),
    testImages: await readFile(testImages),
    testLabels: await readFile(testLabels),
  });
  view.line(
    `dataset ${dataset.name}: ${dataset.trainRows} rows to train on, ${dataset.testRows} to test with`,
  );
  return dataset;
}

/** Takes the result from one node and the trusted block from another. */
async function collect(
  net: Devnet,
  { id, job, dataset }: { id: string; job: TrainDetail; dataset: DatasetJson },
  { entry, witness }: { entry: RunningNode; witness: RunningNode },
): Promise<DemoResult> {
  if (!isComplete(job)) {
    throw new CliError(
      `the job is ${job.outcome.state}: ${job.outcome.reason}`,
      { code: "JOB_INCOMPLETE", exit: EXIT.failure },
      "the logs of the nodes say who missed a round",
    );
  }
  const { rounds } = await entry.client.rounds(id);
  const modelDir = join(net.directory, "model");
  const { anchorHeight } = await downloadResult(entry.client, job, modelDir);
  const trustedBlock = await trustedBlockOf(witness.client, anchorHeight);
  const verified = await verifyDirectory(modelDir, parseTrusted(trustedBlock));
  const { nodes } = await entry.client.nodes();
  const { height } = await entry.client.status();
  const settlementBalanced = isBalanced(job);
  if (!settlementBalanced) {
    throw new CliError("payouts, fee and refund do not add up to the escrow", {
      code: "SETTLEMENT_UNBALANCED",
      exit: EXIT.verification,
    });
  }
  return {
    job,
    rounds: rounds.map((round) => ofKind("train", round)),
    nodes,
    dataset,
    settlementBalanced,
    modelDir,
    trustedBlock,
    verified,
    height,
  };
}

/** The trusted block comes from another node than the certificate; that node may be a block behind. */
async function trustedBlockOf(client: PomlClient, height: number): Promise<string> {
  const end = performance.now() + BLOCK_DEADLINE_MS;
  for (;;) {
    try {
      const { hash } = await client.block(height);
      return `${height}:${hash}`;
    } catch (error) {
      const isEarly = error instanceof ApiError && error.status === 404;
      if (!isEarly || performance.now() > end) throw error;
    }
    await delay(POLL_MS);
  }
}
