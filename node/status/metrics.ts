/** Prometheus metrics of a node; values are read at every scrape. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { AdmissionQueue } from "../chain/admission-queue.ts";
import type { Chain } from "../chain/chain.ts";
import type { FaultCounts } from "../consensus/fault-counts.ts";
import type { BlockTimes } from "../telemetry/block-times.ts";
import type { NodeStatus } from "./node-status.ts";

export interface MetricSources {
  /** Called at every scrape. */
  status(): NodeStatus;
  readonly faults: FaultCounts;
  readonly evidence: { readonly waiting: number };
  readonly admission: Pick<AdmissionQueue, "length" | "refused">;
  readonly blockTimes: BlockTimes;
}

export function createMetrics(
  chain: Chain,
  { status, faults, evidence, admission, blockTimes }: MetricSources,
): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registry.registerMetric(blockTimes.histogram);
  const gauge = (name: string, help: string, read: (status: NodeStatus) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(status()));
      },
    });
  };
  gauge("poml_height", "Height of the last final block", ({ height }) => height);
  gauge("poml_head_age_seconds", "Seconds since the last final block", ({ headTime }) =>
    Math.max(0, (Date.now() - headTime) / 1000),
  );
  gauge("poml_round", "Consensus round under way", ({ round }) => round);
  gauge("poml_syncing", "1 while blocks are fetched from peers", ({ syncing }) => Number(syncing));
  gauge("poml_lowest_block", "Lowest height whose block is kept", (s) => s.lowestBlock);
  gauge(
    "poml_damaged_blocks",
    "Blocks damaged on disk that wait for a peer",
    (s) => s.damagedBlocks,
  );
  gauge("poml_disk_full", "1 while the disk has too little room to go on", (s) =>
    Number(!s.hasDiskRoom),
  );
  gauge("poml_job_disk_full", "1 while the disk has too little room for files of jobs", (s) =>
    Number(!s.hasJobRoom),
  );
  gauge(
    "poml_abstains_through",
    "Height up to which the node does not vote because its record is lost; 0 = it votes",
    ({ abstainsThrough }) => abstainsThrough ?? 0,
  );
  gauge("poml_peers", "Connected peers", ({ peers }) => peers.length);
  gauge(
    "poml_peers_refused",
    "Peers refused for their behaviour",
    ({ refusedPeers }) => refusedPeers.length,
  );
  gauge("poml_mempool_transactions", "Transactions waiting", ({ mempool }) => mempool.transactions);
  gauge("poml_mempool_bytes", "Bytes of transactions waiting", ({ mempool }) => mempool.bytes);
  gauge("poml_workers", "Linked workers", ({ workers }) => workers.length);
  gauge(
    "poml_workers_busy",
    "Workers with a task",
    ({ workers }) => workers.filter(({ state }) => state === "busy").length,
  );
  const counter = (name: string, help: string): Counter =>
    new Counter({ name, help, registers: [registry] });
  const counted = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  gauge(
    "poml_admission_transactions",
    "Transactions whose signature is yet to be checked",
    () => admission.length,
  );
  counted(
    "poml_admission_refused_total",
    "Transactions turned away because too many waited to be checked",
    () => admission.refused,
  );
  counted("poml_amnesia_total", "Seats seen to vote against their lock", () => faults.amnesia);
  counted("poml_double_votes_total", "Seats seen to vote twice", () => faults.doubleVotes);
  counted(
    "poml_double_proposals_total",
    "Proposers seen to sign two blocks for one round",
    () => faults.doubleProposals,
  );
  counted(
    "poml_untimely_proposals_total",
    "Proposals refused because their time is far from this node's clock",
    () => faults.untimelyProposals,
  );
  gauge(
    "poml_proposal_offset_seconds",
    "Time of the last proposal minus this node's clock; far from 0 means a wrong clock",
    () => faults.proposalOffsetMs / 1000,
  );
  gauge("poml_evidence_waiting", "Proven faults that wait for a block", () => evidence.waiting);
  const blocks = counter("poml_blocks_total", "Blocks made final since the start");
  const rounds = counter(
    "poml_late_rounds_total",
    "Rounds that passed without a decision, over blocks made final since the start",
  );
  const votes = counter("poml_certified_votes_total", "Precommits in certificates of these blocks");
  const transactions = counter(
    "poml_transactions_total",
    "Transactions made final since the start",
  );
  const records = counter(
    "poml_training_records_total",
    "Training records made final since the start",
  );
  const slashed = counter("poml_slashed_total", "Nodes punished in final blocks since the start");
  chain.onBlock(({ block, certificate }) => {
    blocks.inc();
    rounds.inc(certificate.round);
    votes.inc(certificate.signatures.length);
    transactions.inc(block.body.transactions.length);
    records.inc(block.body.records.length);
    slashed.inc(block.body.evidence.length);
  });
  return registry;
}
