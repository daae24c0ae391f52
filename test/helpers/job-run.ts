/** Takes a job through the chain's own rules: opened, drawn, trained round by round, settled. */

import { sha256 } from "../../chain/crypto/hash.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { Job, JobSpec } from "../../chain/types/job.ts";
import { TrainingRecord } from "../../chain/types/job.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { Person, TestChain } from "./chain.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A small valid order. */
export function jobSpec(name: string, overrides: Partial<JobSpec> = {}): JobSpec {
  return {
    kind: 0,
    name: text(name),
    engine: 0,
    model: sha256(text("model")),
    initialParameters: sha256(text("initial parameters")),
    parameterCount: 56_714,
    dataset: sha256(text("dataset")),
    torrent: sha256(text("torrent")),
    trainRows: 12_000,
    trainChunks: 32,
    testRows: 10_000,
    seed: sha256(text(name)),
    rounds: 5,
    localEpochs: 1,
    batchSize: 32,
    learningRate: 50_000,
    momentum: 900_000,
    partition: 0,
    aggregation: 0,
    participants: 4,
    quorum: 3,
    teamSize: 3,
    phaseBlocks: 20,
    pricePerSample: 10n,
    targetAccuracy: 0,
    ...overrides,
  };
}

export function openJob(chain: TestChain, client: Person, spec: JobSpec): SignedTransaction {
  const escrow = jobPrice(spec, chain.head.state.parameters) + 1_000_000n;
  return chain.transaction(client, "job-open", { spec, escrow });
}

export function jobOf(chain: TestChain, open: SignedTransaction): Job {
  const { state } = chain.head;
  return state.jobs.at(state.jobIndex(transactionId(open.transaction)) ?? -1);
}

/** What a round ends with; a curve that looks like learning. */
export function metricsAt(round: number): TrainingRecord["metrics"] {
  const accuracy = Math.round(1_000_000 * (0.9 - 0.35 * Math.exp(-round / 2)));
  return {
    loss: BigInt(Math.round(1_000_000 * (0.28 + 1.1 * Math.exp(-round / 1.6)))),
    accuracy,
    precision: accuracy - 2100,
    recall: accuracy,
    f1: accuracy - 1300,
  };
}

/** Commits of the job's participants in the round under way; `count` leaves the last ones out. */
export function commits(chain: TestChain, job: Job, count = job.participants.length) {
  const { localEpochs, trainRows } = job.spec;
  const samples = Math.floor((localEpochs * trainRows) / job.participants.length);
  return job.participants.slice(0, count).map(({ node }) =>
    chain.transaction(
      chain.personOfNode(node),
      "job-commit",
      {
        job: job.id,
        round: job.round,
        updateHash: sha256(text(`update ${job.round} ${node}`)),
        checkpointRoot: sha256(text(`checkpoints ${job.round} ${node}`)),
        samples,
        trainMs: 1800 + 90 * node,
        updateBytes: 4 * job.spec.parameterCount,
      },
      { fee: 0n },
    ),
  );
}

/** The record of the round under way, posted by the active manager and signed by the whole team. */
export function roundRecord(chain: TestChain, job: Job): SignedTransaction {
  const manager = job.team[0] ?? 0;
  const record: TrainingRecord = {
    job: job.id,
    round: job.round,
    manager,
    modelBefore: job.parameters,
    modelAfter: sha256(text(`model after ${job.round}`)),
    contributions: job.participants
      .filter(({ samples }) => samples > 0)
      .map(({ node, updateHash, samples, trainMs, updateBytes }) => ({
        node,
        updateHash,
        samples,
        trainMs,
        updateBytes,
      }))
      .sort((a, b) => a.node - b.node),
    metrics: metricsAt(job.round),
    durationMs: 4200 + 130 * job.round,
  };
  const root = signingRoot("record", chain.genesisRoot, TrainingRecord.hashTreeRoot(record));
  const cosignatures = job.team.map((node, member) => ({
    member,
    signature: chain.personOfNode(node).keys.sign(root),
  }));
  return chain.transaction(
    chain.personOfNode(manager),
    "job-round",
    { record, cosignatures },
    { fee: 0n },
  );
}

/**
 * The transactions a job waits for now; none while the chain itself has to move on.
 * @returns an empty list as well once it is settled
 */
export function nextStep(chain: TestChain, job: Job): SignedTransaction[] {
  switch (phaseOf(job)) {
    case "training":
      return commits(chain, job);
    case "revealing":
      return [roundRecord(chain, job)];
    case "finished": {
      const anyone = chain.founders[0] ?? chain.client;
      return [chain.transaction(anyone, "job-settle", { job: job.id }, { fee: 0n })];
    }
    default:
      return [];
  }
}
