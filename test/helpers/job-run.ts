/** Takes a job through the chain's own rules: opened, drawn, trained round by round, settled. */

import { isOpened, sealOf } from "../../chain/committee/seal.ts";
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { merkleProof, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import {
  ALL_SEGMENTS,
  AUDIT_ANSWERS,
  AUDIT_STAGES,
  type Audit,
  type AuditAnswer,
} from "../../chain/types/audit.ts";
import type { Job, JobSpec } from "../../chain/types/job.ts";
import {
  JobRecord,
  OBJECTIONS,
  type ObjectionReason,
  RoundRefusal,
  UPDATE_CHECKS,
  type UpdateCheck,
} from "../../chain/types/job.ts";
import type { OptimizerSpec } from "../../chain/types/optimizer.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Metrics, TrainSpec } from "../../chain/types/train.ts";
import type { Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import { keepsState } from "../../chain/workload/train/check-aggregation.ts";
import { segmentCount } from "../../chain/workload/train/segments.ts";
import { trainProgress, trainSpec } from "../../chain/workload/train/train-of.ts";
import { workloadOf } from "../../chain/workload/workloads.ts";
import { bytesOfFloats } from "../../ml/bytes.ts";
import { FEDAVG } from "./aggregation.ts";
import type { Person, TestChain } from "./chain.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Millionths. */
export const SGD: OptimizerSpec = {
  kind: 0,
  learningRate: 50_000,
  momentum: 900_000,
  beta1: 0,
  beta2: 0,
  epsilon: 0,
  initialAccumulator: 0,
  weightDecay: 0,
  clipValue: 0,
  clipNorm: 0,
};

/** The fields of an order to train, without the layers they lie in. */
export type TrainOrder = Omit<JobSpec, "work"> & TrainSpec;

/** A small valid order. */
export function jobSpec(name: string, overrides: Partial<TrainOrder> = {}): JobSpec {
  return orderToTrain({
    name: text(name),
    engine: 0,
    model: sha256(text("model")),
    initialParameters: sha256(text("initial parameters")),
    parameterCount: 56_714,
    operations: 340_000n,
    dataset: sha256(text("dataset")),
    torrent: sha256(text("torrent")),
    trainRows: 12_000,
    trainChunks: 32,
    testRows: 10_000,
    seed: sha256(text(name)),
    rounds: 5,
    localEpochs: 1,
    batchSize: 32,
    optimizer: SGD,
    loss: 0,
    partition: 0,
    aggregation: FEDAVG,
    participants: 4,
    quorum: 3,
    teamSize: 3,
    phaseBlocks: 20,
    pricePerUnit: 10n,
    targetAccuracy: 0,
    ...overrides,
  });
}

export function orderToTrain(order: TrainOrder): JobSpec {
  const { name, participants, quorum, teamSize, phaseBlocks, pricePerUnit, ...train } = order;
  const work = { selector: 0, value: train } as const;
  return { name, participants, quorum, teamSize, phaseBlocks, pricePerUnit, work };
}

/** The order with other fields. */
export function withFields(spec: JobSpec, fields: Partial<TrainOrder>): JobSpec {
  const { work: _, ...terms } = spec;
  return orderToTrain({ ...terms, ...trainSpec(spec), ...fields });
}

export function openJob(chain: TestChain, client: Person, spec: JobSpec): SignedTransaction {
  const escrow = jobPrice(spec, chain.head.state.parameters) + 1_000_000n;
  return chain.transaction(client, "job-open", { spec, escrow });
}

/** Settled or not. */
export function jobOf(chain: TestChain, open: SignedTransaction): Job {
  return jobById(chain, transactionId(open.transaction));
}

export function jobById(chain: TestChain, id: Uint8Array): Job {
  const { state } = chain.head;
  return chain.settled.find(id) ?? state.jobs.at(state.jobIndex(id) ?? -1);
}

/** What a round ends with; a curve that looks like learning. */
export function metricsAt(round: number): Metrics {
  const accuracy = Math.round(1_000_000 * (0.9 - 0.35 * Math.exp(-round / 2)));
  return {
    loss: BigInt(Math.round(1_000_000 * (0.28 + 1.1 * Math.exp(-round / 1.6)))),
    accuracy,
    precision: accuracy - 2100,
    recall: accuracy,
    f1: accuracy - 1300,
  };
}

/** Hashes of the states that a participant's training goes through. */
export function stateHashes(job: Job, round: number, node: number, samples: number): Uint8Array[] {
  return Array.from({ length: segmentCount(trainSpec(job.spec), samples) + 1 }, (_, boundary) =>
    sha256(text(`state ${round} ${node} ${boundary}`)),
  );
}

/** Commits of the job's participants in the round under way; `count` leaves the last ones out. */
export function commits(chain: TestChain, job: Job, count = job.participants.length) {
  const { localEpochs, trainRows, parameterCount } = trainSpec(job.spec);
  const samples = localEpochs * Math.floor(trainRows / job.participants.length);
  return job.participants.slice(0, count).map(({ node }) =>
    chain.transaction(
      chain.personOfNode(node),
      "job-commit",
      {
        job: job.id,
        round: job.round,
        updateHash: sha256(text(`update ${job.round} ${node}`)),
        checkpointRoot: merkleRoot(stateHashes(job, job.round, node, samples)),
        units: samples,
        workMs: 1800 + 90 * node,
        updateBytes: 4 * parameterCount,
      },
      { fee: 0n },
    ),
  );
}

function placeholderWeights(job: Job): Uint8Array {
  return text(`model after ${job.round}`);
}

/** Bytes of weights as a model of the job's size has them, different after each round. */
export function weightsAfter({ round, spec }: Pick<Job, "round" | "spec">): Uint8Array {
  return bytesOfFloats(new Float32Array(trainSpec(spec).parameterCount).fill(round / 8));
}

/** The record of the round under way, posted by the active manager and signed by the whole team. */
export function roundRecord(
  chain: TestChain,
  job: Job,
  weights = placeholderWeights(job),
): SignedTransaction {
  const manager = job.team[0] ?? 0;
  const record: JobRecord = {
    job: job.id,
    round: job.round,
    manager,
    contributions: job.participants
      .filter(({ units }) => units > 0)
      .map(({ node, updateHash, units, workMs, updateBytes }) => ({
        node,
        updateHash,
        units,
        workMs,
        updateBytes,
      }))
      .sort((a, b) => a.node - b.node),
    durationMs: 4200 + 130 * job.round,
    gain: {
      selector: 0,
      value: {
        modelBefore: trainProgress(job).parameters,
        modelAfter: sha256(weights),
        serverState: keepsState(trainSpec(job.spec).aggregation) ? sha256(weights) : ZERO_HASH,
        metrics: metricsAt(job.round),
      },
    },
  };
  const root = signingRoot("record", chain.genesisRoot, JobRecord.hashTreeRoot(record));
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

/** Where the hashes of a run's states come from; `stateHashes` makes them up. */
export type HashesOf = typeof stateHashes;

/** What proves a match of the drawn part; of the state after `segment` when that is given. */
export function matchProof(
  job: Job,
  audit: Audit,
  segment = audit.segment,
  hashesOf: HashesOf = stateHashes,
): Uint8Array[] {
  const hashes = hashesOf(job, audit.round, audit.node, audit.units);
  if (segment === ALL_SEGMENTS) return hashes;
  const end = hashes[segment + 1] ?? new Uint8Array(32);
  return [end, ...merkleProof(hashes, segment + 1).siblings];
}

/** How a node answers. A committee member seals the state it reached: for a mismatch, another one. */
export function auditPayload(
  chain: TestChain,
  job: Job,
  audit: Audit,
  { node, answer, isCommittee }: { node: number; answer: AuditAnswer; isCommittee: boolean },
  hashesOf: HashesOf = stateHashes,
): Payloads["job-audit"] {
  const { round, look } = audit;
  const { publicKey } = chain.head.state.nodes.at(node);
  const payload = { job: job.id, round, node: audit.node, look, segment: 0 };
  const code = (name: AuditAnswer): number => AUDIT_ANSWERS.indexOf(name);
  if (isCommittee && (answer === "match" || answer === "mismatch")) {
    const right = matchProof(job, audit, audit.segment, hashesOf)[0] ?? new Uint8Array(32);
    const reached = answer === "match" ? right : sha256(right);
    return { ...payload, answer: code("sealed"), proof: [sealOf(reached, publicKey)] };
  }
  const proof = answer === "match" ? matchProof(job, audit, audit.segment, hashesOf) : [];
  return { ...payload, answer: code(answer), proof };
}

/** Who is asked for an answer now. */
export function askedSeats(job: Job): { audit: Audit; node: number; isCommittee: boolean }[] {
  return job.audits.flatMap((audit) =>
    audit.seats
      .filter(({ answer }) => AUDIT_ANSWERS[answer] === "none")
      .map(({ node }) => {
        return { audit, node, isCommittee: AUDIT_STAGES[audit.stage] === "judging" };
      }),
  );
}

/**
 * What everybody who is asked answers; participants show what committees should have reached, and members
 * that came to another state show that.
 * @param answerFor default all matches; undefined = silence
 */
export function auditAnswers(
  chain: TestChain,
  job: Job,
  answerFor: (audit: Audit, node: number) => AuditAnswer | undefined = () => "match",
  hashesOf: HashesOf = stateHashes,
  /** Who replayed all segments names this one as the first that differs. */
  firstWrong: (audit: Audit) => number = () => 0,
): SignedTransaction[] {
  const nonces = new Nonces(chain);
  const answers = askedSeats(job).flatMap(({ audit, node, isCommittee }) => {
    const answer = answerFor(audit, node);
    if (answer === undefined) return [];
    const payload = auditPayload(chain, job, audit, { node, answer, isCommittee }, hashesOf);
    const isNamed = answer === "mismatch" && audit.segment === ALL_SEGMENTS;
    const segment = isNamed ? firstWrong(audit) : payload.segment;
    return [nonces.transaction(node, "job-audit", { ...payload, segment })];
  });
  const shown = job.audits
    .filter((audit) => AUDIT_STAGES[audit.stage] === "opening" && !isOpened(audit))
    .map((audit) => {
      const { round, node, look } = audit;
      const proof = matchProof(job, audit, audit.segment, hashesOf);
      const payload = { job: job.id, round, node, look, proof };
      return nonces.transaction(node, "job-audit-open", payload);
    });
  return [...answers, ...shown, ...refutations(chain, job, nonces, hashesOf)];
}

/** Of members that sealed the other state of `auditPayload`. */
function refutations(
  chain: TestChain,
  job: Job,
  nonces: Nonces,
  hashesOf: HashesOf,
): SignedTransaction[] {
  return job.audits.flatMap((audit) => {
    if (AUDIT_STAGES[audit.stage] !== "opening") return [];
    const { round, node, look } = audit;
    const other = sha256(matchProof(job, audit, audit.segment, hashesOf)[0] ?? new Uint8Array(32));
    return audit.seats.slice(audit.auditors).flatMap((seat) => {
      const { publicKey } = chain.head.state.nodes.at(seat.node);
      const isOther = equalBytes(seat.seal, sealOf(other, publicKey));
      if (!isOther || !equalBytes(seat.reached, ZERO_HASH)) return [];
      const payload = { job: job.id, round, node, look, proof: [other] };
      return [nonces.transaction(seat.node, "job-audit-open", payload)];
    });
  });
}

/** Several transactions of one node in one block. */
class Nonces {
  readonly #chain: TestChain;
  readonly #used = new Map<string, number>();

  constructor(chain: TestChain) {
    this.#chain = chain;
  }

  transaction<K extends "job-audit" | "job-audit-open">(
    node: number,
    kind: K,
    value: Payloads[K],
  ): SignedTransaction {
    const person = this.#chain.personOfNode(node);
    const key = toHex(person.address);
    const next = this.#used.get(key) ?? this.#chain.head.state.account(person.address).nonce;
    this.#used.set(key, next + 1);
    return this.#chain.transaction(person, kind, value, { fee: 0n, nonce: next });
  }
}

/**
 * The transactions a job waits for now; none while the chain itself has to move on.
 * @returns an empty list as well once it is settled
 */
/** @param weights those that the round under way ends with */
export function nextStep(
  chain: TestChain,
  job: Job,
  weights = placeholderWeights,
): SignedTransaction[] {
  switch (phaseOf(job)) {
    case "training":
      return commits(chain, job);
    case "revealing":
      return [roundRecord(chain, job, weights(job))];
    case "finished":
    case "failed":
    case "cancelled": {
      if (job.audits.length > 0) return auditAnswers(chain, job);
      const anyone = chain.founders[0] ?? chain.client;
      return [chain.transaction(anyone, "job-settle", { job: job.id }, { fee: 0n })];
    }
    default:
      return [];
  }
}

/** The team's word that updates of the round under way cannot be used, signed by all of it. */
export function roundRefusal(
  chain: TestChain,
  job: Job,
  refused: readonly { readonly node: number; readonly check: UpdateCheck }[],
  changes: Partial<RoundRefusal> & { readonly members?: readonly number[] } = {},
): SignedTransaction {
  const { members = job.team.map((_, member) => member), ...fields } = changes;
  const manager = job.team[0] ?? 0;
  const hashOf = (node: number): Uint8Array =>
    job.participants.find((participant) => participant.node === node)?.updateHash ?? ZERO_HASH;
  const refusal: RoundRefusal = {
    job: job.id,
    round: job.round,
    manager,
    base: workloadOf(job.spec).base(job),
    refused: refused
      .map(({ node, check }) => ({
        node,
        updateHash: hashOf(node),
        check: UPDATE_CHECKS.indexOf(check),
      }))
      .sort((a, b) => a.node - b.node),
    ...fields,
  };
  const root = signingRoot("refusal", chain.genesisRoot, RoundRefusal.hashTreeRoot(refusal));
  const cosignatures = members.map((member) => ({
    member,
    signature: chain.personOfNode(job.team[member] ?? 0).keys.sign(root),
  }));
  return chain.transaction(
    chain.personOfNode(refusal.manager),
    "job-refuse",
    { refusal, cosignatures },
    { fee: 0n },
  );
}

/** A drawn node's word that it does no work on the order. */
export function objection(
  chain: TestChain,
  job: Job,
  node: number,
  reason: ObjectionReason,
): SignedTransaction {
  const told = { job: job.id, reason: OBJECTIONS.indexOf(reason) };
  return chain.transaction(chain.personOfNode(node), "job-object", told, { fee: 0n });
}

/** A participant's word that its training of the round under way left the finite numbers. */
export function divergence(chain: TestChain, job: Job, node: number): SignedTransaction {
  const told = { job: job.id, round: job.round };
  return chain.transaction(chain.personOfNode(node), "job-diverged", told, { fee: 0n });
}
