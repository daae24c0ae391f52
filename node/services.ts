/**
 * What the HTTP API, the event stream and the page may ask of a running node. `node.ts` implements
 * it; the API never sees the store, the consensus driver or the network.
 */
import type { State } from "../chain/state/state.ts";
import type { CertifiedBlock, Header } from "../chain/types/block.ts";
import type { Evidence } from "../chain/types/evidence.ts";
import type { JobRecord, JobSpec } from "../chain/types/job.ts";
import type { LightBlock } from "../chain/types/light.ts";
import type { SignedTransaction } from "../chain/types/transaction.ts";
import type { AggregationName } from "../ml/federation/aggregate.ts";
import type { Loss, Optimizer } from "../ml/hyperparameters.ts";
import type { BootstrapPeer } from "../p2p/peers/bootstrap.ts";
import type { RefusedPeer } from "../p2p/peers/reputation.ts";
import type { JobArchive } from "./chain/job-archive.ts";
import type { HeardElsewhere } from "./consensus/key-watch.ts";
import type { DatasetSummary } from "./datasets/dataset-summary.ts";
import type { ImportTasks } from "./datasets/import-tasks.ts";
import type { UploadStore } from "./datasets/upload-store.ts";
import type { PublicFiles } from "./jobs/train/public-files.ts";
import type { LightService } from "./light/light-service.ts";
import type { PeerHeights } from "./network/peer-heights.ts";
import type { Page, Pages } from "./pages.ts";
import type { PastChange } from "./rating/rating-history.ts";
import type { WindowWork } from "./rating/window-service.ts";
import type { JoiningProgress } from "./snapshots/joining.ts";
import type { StorageReport } from "./storage/report.ts";

export interface NodeStatus {
  readonly version: string;
  readonly network: string;
  readonly genesisRoot: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly name: string;
  readonly height: number;
  readonly headHash: Uint8Array;
  /** Lowest height whose block is kept here. */
  readonly lowestBlock: number;
  /** Blocks damaged on this node's disk that wait for a peer. */
  readonly damagedBlocks: number;
  /** False: the disk is nearly full, and the node neither votes nor takes blocks. */
  readonly hasDiskRoom: boolean;
  /** False: the disk has less room than files of jobs leave to the chain, and none is taken. */
  readonly hasJobRoom: boolean;
  /** The node does not vote up to this height, since it may have voted there and forgotten. */
  readonly abstainsThrough: number | undefined;
  /** This node's key signs elsewhere, so it signs nothing. */
  readonly keyElsewhere: HeardElsewhere | undefined;
  /** Unix milliseconds of the last block. */
  readonly headTime: number;
  /** Consensus round under way at height + 1. */
  readonly round: number;
  readonly syncing: boolean;
  /** How far the peers say the chain is. */
  readonly peerHeights: PeerHeights;
  /** Milliseconds for which a peer has claimed blocks that this node lacks, and none has come. */
  readonly idleMs: number;
  /** How far a node is that started from a snapshot, or looks for one. */
  readonly joining: JoiningProgress;
  readonly peers: readonly PeerStatus[];
  /** What became of each configured bootstrap address. */
  readonly bootstrap: readonly BootstrapPeer[];
  /** Peers this node refuses for their behaviour. */
  readonly refusedPeers: readonly RefusedPeer[];
  readonly mempool: { readonly transactions: number; readonly bytes: number };
  /** In nonce order. */
  readonly ownTransactions: readonly WaitingTransaction[];
  readonly workers: readonly WorkerStatus[];
  /** What this process did in its last benchmark window. */
  readonly lastWindow: WindowWork | undefined;
  readonly uptimeSeconds: number;
  readonly rssBytes: number;
  readonly listen: { readonly p2p: readonly string[]; readonly torrent: string };
}

export interface PeerStatus {
  readonly publicKey: Uint8Array;
  readonly address: string;
  readonly latencyMs: number | undefined;
  readonly score: number;
}

export interface WorkerStatus {
  readonly id: string;
  readonly kind: "local" | "remote";
  /** `set-aside`: it sent a wrong result, and gets no tasks. */
  readonly state: "starting" | "idle" | "busy" | "suspect" | "failed" | "set-aside";
  /** What it is doing, for people. */
  readonly task: string | undefined;
}

/** A transaction of this node's account that is not final yet. */
export interface WaitingTransaction {
  readonly signed: SignedTransaction;
  /** Height when it was handed in. */
  readonly since: number;
  /** Who signed it: the node itself, or a client with the node's key. */
  readonly signedBy: "node" | "client";
  /** What it waits for, for people. */
  readonly reason: string;
}

export interface TransactionStatus {
  readonly state: "pending" | "final";
  readonly transaction: SignedTransaction;
  readonly height: number | undefined;
  readonly index: number | undefined;
}

/** A recorded round of a job and the block that holds it. */
export interface RecordedRound {
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly record: JobRecord;
}

/** An optimizer as a client names it; what it leaves open is filled in (node/jobs/train/default-order.ts). */
export type OptimizerRequest = {
  readonly [K in Optimizer["kind"]]: { readonly kind: K } & Partial<
    Omit<Extract<Optimizer, { kind: K }>, "kind">
  >;
}[Optimizer["kind"]];

/** A training order as a client states it; what is undefined is filled in (node/jobs/train/default-order.ts). */
export interface JobRequest {
  readonly name?: string | undefined;
  readonly dataset: string;
  /** A preset's name or LayersModel JSON. */
  readonly model?: { readonly preset: string } | { readonly layersModel: unknown } | undefined;
  readonly engine?: "exact" | "tfjs" | undefined;
  readonly rounds?: number | undefined;
  readonly localEpochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly optimizer?: OptimizerRequest | undefined;
  /** Undefined = the cross-entropy that fits the model. */
  readonly loss?: Loss | undefined;
  readonly partition?: "iid" | "by-label" | undefined;
  readonly aggregation?: AggregationName | undefined;
  readonly participants?: number | undefined;
  readonly quorum?: number | undefined;
  readonly teamSize?: number | undefined;
  readonly phaseSeconds?: number | undefined;
  readonly pricePerSample?: bigint | undefined;
  readonly targetAccuracy?: number | undefined;
  /** Micro-POML to put in escrow; undefined = the price, and a little room. */
  readonly budget?: bigint | undefined;
  /** 32 bytes hex; undefined = drawn by the node. */
  readonly seed?: string | undefined;
}

export interface PreparedJob {
  readonly spec: JobSpec;
  readonly price: bigint;
  readonly escrow: bigint;
  /** Sentences for the client: what was chosen for it, which engine runs the job and why, what may go wrong. */
  readonly notes: readonly string[];
}

/** A job opened with the node's own account. */
export interface OrderedJob {
  readonly id: Uint8Array;
  /** Undefined for a job that an earlier request with the same key opened. */
  readonly prepared: PreparedJob | undefined;
}

/** The trained model in tfjs format, and the manifest of its data, by which rows are encoded. */
export interface ModelFiles {
  readonly "dataset.json": Uint8Array;
  readonly "model.json": Uint8Array;
  readonly "weights.bin": Uint8Array;
}

export interface NodeEvent {
  /** Grows by one per event; a client resumes after the last it saw. */
  readonly cursor: number;
  readonly type: "block" | "job" | "round" | "training" | "rating" | "peer" | "transfer" | "log";
  /** JSON-ready: hex for bytes, decimal strings for amounts. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventSource {
  readonly cursor: number;
  /**
   * Calls `listener` for every kept event after `since` before it returns, then for new ones.
   * Returns the unsubscribe function.
   */
  subscribe(since: number | undefined, listener: (event: NodeEvent) => void): () => void;
}

export interface NodeServices {
  status(): NodeStatus;
  /** The state after the last final block; to be read, never written. */
  state(): State;
  head(): { readonly header: Header | undefined; readonly hash: Uint8Array };
  block(at: number | Uint8Array): Promise<CertifiedBlock | undefined>;
  transaction(id: Uint8Array): Promise<TransactionStatus | undefined>;
  /** Next free nonce of an account, counting what waits in the mempool. */
  nextNonce(address: Uint8Array): number;
  /** The id under which a transaction of this node goes on, if it was signed anew; else the one given. */
  currentId(id: Uint8Array): Uint8Array;
  /** All jobs of the chain, settled or not, as far as this node has them. */
  readonly jobs: Pick<JobArchive, "find" | "at" | "between">;
  /**
   * Recorded rounds of a job, oldest first; empty for a job without any. Ends early where much was read.
   * @param page rounds from `from` on, at most `limit`
   */
  jobRecords(id: Uint8Array, page: Page): Promise<Pages<RecordedRound>>;
  /**
   * Changes of a node's rating, newest first. Ends early where much was read.
   * @param node its index
   * @param page those at `from` and below, at most `limit`
   */
  ratingHistory(node: number, page: Page): Promise<Pages<PastChange>>;
  /** Checks, keeps and gossips a signed transaction. @throws PomlError */
  submit(transaction: SignedTransaction): Promise<Uint8Array>;
  /** Checks, keeps and gossips proof of a fault. @throws InvalidEvidence */
  submitEvidence(evidence: Evidence): Promise<void>;
  /**
   * Accuses those who signed both a block that was shown to somebody and this chain's block of its height.
   * @returns their node indexes
   * @throws LightError, InvalidEvidence
   */
  reportConflict(block: LightBlock): Promise<readonly number[]>;
  /**
   * `submit` for many: for each, in order, undefined or why it was not taken.
   * @throws PomlError OVERLOADED, and then none was taken
   */
  submitAll(transactions: readonly SignedTransaction[]): Promise<readonly (Error | undefined)[]>;
  /** Files that clients bring, and what becomes datasets of them. */
  readonly uploads: UploadStore;
  readonly imports: ImportTasks;
  datasets(): Promise<readonly DatasetSummary[]>;
  /** Checks an order, stores its model and dataset for the network, and prices it. @throws PomlError */
  prepareJob(request: JobRequest): Promise<PreparedJob>;
  /** `prepareJob`, then opens the job with the node's own account. Equal keys give the same job. */
  submitJob(request: JobRequest, idempotencyKey: string | undefined): Promise<OrderedJob>;
  /** @throws PomlError JOB_NOT_FINISHED, JOB_HAS_NO_MODEL, UNKNOWN_JOB, MODEL_GONE */
  jobModel(id: Uint8Array): Promise<ModelFiles>;
  /** The portable certificate of a finished job, JSON. */
  jobCertificate(id: Uint8Array): Promise<Readonly<Record<string, unknown>>>;
  /** Files of jobs that anybody may have, by hash. */
  readonly files: Pick<PublicFiles, "blob" | "chunk">;
  /** What light clients ask. */
  readonly light: LightService;
  readonly events: EventSource;
  /** Files of jobs on this disk, as last counted. */
  storage(): Promise<StorageReport>;
  /** Prometheus text exposition. */
  metrics(): Promise<string>;
}
