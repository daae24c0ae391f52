/**
 * The HTTP API from the caller's side: one method for each route, and a deadline for every wait. Refusals arrive as
 * `ApiError` with the server's code, field and remedy; `api-caller.ts` checks the form of answers.
 */

import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { decodeInclusionProof, decodeLightBlock } from "../../chain/light/codec.ts";
import type { JobKind } from "../../chain/types/job.ts";
import { type InclusionProof, LightBlock } from "../../chain/types/light.ts";
import type { CsvFields } from "../datasets/csv-form.ts";
import { ApiCaller, badAnswer, decoded, query, segment } from "./api-caller.ts";
import { ApiError } from "./api-error.ts";
import { AddedAlgorithm, AlgorithmList } from "./contract/algorithm.ts";
import {
  BlockJson,
  BlockList,
  SubmittedBatch,
  SubmittedEvidence,
  SubmittedTransaction,
  type TransactionStatusJson,
  TransactionStatusJson as TransactionStatusSchema,
  type WaitingTransactionJson,
  WaitingTransactionList,
} from "./contract/block.ts";
import { type DatasetJson, DatasetList } from "./contract/dataset.ts";
import type { EventJson } from "./contract/event.ts";
import {
  CertificateFile,
  JobDetail,
  JobList,
  type JobOrder,
  ofKind,
  PreparedJson,
  RoundList,
  SubmittedJob,
} from "./contract/jobs/job.ts";
import { type ModelFileName, ModelListing } from "./contract/jobs/train.ts";
import { AccusedJson, LightBlockJson, LightRoute, ProofJson } from "./contract/light.ts";
import { AccountJson, NodeDetail, NodeList, Status } from "./contract/network.ts";
import { ParameterList } from "./contract/parameter.ts";
import { RatingExplanation } from "./contract/rating.ts";
import { StorageJson } from "./contract/storage.ts";
import { EncodedBatch } from "./contract/transaction-batch.ts";
import { readEvents } from "./event-reader.ts";
import { type ImportOptions, importFiles, type Send } from "./import-client.ts";
import { untilFinal } from "./until-final.ts";

export interface ClientOptions {
  /** Content of the node's api-token file; needed for requests that spend the node's money or disk. */
  readonly token?: string | undefined;
  /** Deadline of one request, default 30,000. */
  readonly timeoutMs?: number | undefined;
}

const FINAL_TIMEOUT_MS = 60_000;
/** Each step of a route halves the rest, so a route is short even over years. */
const MAX_ROUTE_BLOCKS = 4096;

export interface IdxUpload {
  readonly name: string;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly testImages: Uint8Array;
  readonly testLabels: Uint8Array;
}

type PreparedOf<O extends JobOrder> = Extract<PreparedJson, { kind: NonNullable<O["kind"]> }>;

/** An order without a kind is a training order. */
function kindOf({ kind = "train" }: JobOrder): JobKind {
  return kind;
}

export class PomlClient {
  readonly baseUrl: string;
  readonly #api: ApiCaller;

  /** @param baseUrl `http://127.0.0.1:8645` */
  constructor(baseUrl: string, { token, timeoutMs }: ClientOptions = {}) {
    this.baseUrl = baseUrl.replace(/\/+$/, "");
    this.#api = new ApiCaller({ baseUrl: this.baseUrl, token }, timeoutMs);
  }

  status(): Promise<Status> {
    return this.#api.get("/v1/status", Status);
  }

  /** Files of jobs on the node's disk; needs the token. */
  storage(): Promise<StorageJson> {
    return this.#api.get("/v1/storage", StorageJson);
  }

  /** Newest first, from height `from` (default: the head) downwards. */
  blocks(page: { from?: number; limit?: number } = {}): Promise<BlockList> {
    return this.#api.get(`/v1/blocks${query(page)}`, BlockList);
  }

  /** @param at height or block hash in hex */
  block(at: number | string): Promise<BlockJson> {
    return this.#api.get(`/v1/blocks/${segment(at)}`, BlockJson);
  }

  transaction(id: string): Promise<TransactionStatusJson> {
    return this.#api.get(`/v1/transactions/${segment(id)}`, TransactionStatusSchema);
  }

  /** @param bytes SSZ SignedTransaction */
  async submitTransaction(bytes: Uint8Array): Promise<string> {
    const answer = await this.#api.postBytes("/v1/transactions", SubmittedTransaction, bytes);
    return answer.id;
  }

  /**
   * Submits up to 1,024 transactions at once.
   * @param all SSZ SignedTransaction each
   * @returns for each transaction, in order, its id and the problem with it, if any
   */
  async submitTransactions(all: readonly Uint8Array[]): Promise<SubmittedBatch["results"]> {
    const answer = await this.#api.postBytes(
      "/v1/transactions/batch",
      SubmittedBatch,
      EncodedBatch.serialize([...all]),
    );
    return answer.results;
  }

  /**
   * Polls until a transaction is in a final block.
   * @throws ApiError TIMEOUT when the signal (default: 60 s) fires first
   */
  waitForTransaction(
    id: string,
    signal: AbortSignal = AbortSignal.timeout(FINAL_TIMEOUT_MS),
  ): Promise<TransactionStatusJson> {
    return untilFinal(this.#api, id, signal);
  }

  /** Transactions of the node's own account that are in no block yet. */
  async ownTransactions(): Promise<WaitingTransactionJson[]> {
    return (await this.#api.get("/v1/transactions/own", WaitingTransactionList)).transactions;
  }

  account(address: string): Promise<AccountJson> {
    return this.#api.get(`/v1/accounts/${segment(address)}`, AccountJson);
  }

  /** @param key public key in hex */
  rating(key: string): Promise<RatingExplanation> {
    return this.#api.get(`/v1/nodes/${segment(key)}/rating`, RatingExplanation);
  }

  parameters(): Promise<ParameterList> {
    return this.#api.get("/v1/parameters", ParameterList);
  }

  /** @param bytes SSZ Evidence */
  async submitEvidence(bytes: Uint8Array): Promise<void> {
    await this.#api.postBytes("/v1/evidence", SubmittedEvidence, bytes);
  }

  /**
   * Reports a certified block that is not on this node's chain.
   * @returns the number of accused nodes
   */
  async reportConflict(block: LightBlock): Promise<number> {
    const { nodes } = await this.#api.postBytes(
      "/v1/light/conflicts",
      AccusedJson,
      LightBlock.serialize(block),
    );
    return nodes.length;
  }

  /** In index order, from index `from`. */
  nodes(page: { from?: number; limit?: number } = {}): Promise<NodeList> {
    return this.#api.get(`/v1/nodes${query(page)}`, NodeList);
  }

  /** @param key public key in hex */
  node(key: string): Promise<NodeDetail> {
    return this.#api.get(`/v1/nodes/${segment(key)}`, NodeDetail);
  }

  /** Newest first, from position `from` (default: the newest) downwards. */
  jobs(page: { from?: number; limit?: number } = {}): Promise<JobList> {
    return this.#api.get(`/v1/jobs${query(page)}`, JobList);
  }

  job(id: string): Promise<JobDetail> {
    return this.#api.get(`/v1/jobs/${segment(id)}`, JobDetail);
  }

  /** All rounds, page by page. */
  async rounds(id: string): Promise<RoundList> {
    const rounds: RoundList["rounds"] = [];
    for (let from: number | undefined; ; ) {
      const path = `/v1/jobs/${segment(id)}/rounds`;
      const page: RoundList = await this.#api.get(`${path}${query({ from })}`, RoundList);
      rounds.push(...page.rounds);
      if (page.next === undefined) return { rounds };
      if (page.next <= (from ?? 0)) throw badAnswer(path, "its pages do not end", undefined);
      from = page.next;
    }
  }

  /**
   * Uploads a CSV file that is read according to `fields`.
   * @throws ApiError with the reason
   */
  uploadCsv(
    name: string,
    bytes: Uint8Array,
    fields: CsvFields = {},
    options: ImportOptions = {},
  ): Promise<DatasetJson> {
    return importFiles(this.#send, { name, ...fields }, { file: bytes }, options);
  }

  /** Uploads IDX files unchanged, plain or gzip. */
  uploadIdx({ name, ...files }: IdxUpload, options: ImportOptions = {}): Promise<DatasetJson> {
    return importFiles(this.#send, { name }, files, options);
  }

  async datasets(): Promise<DatasetJson[]> {
    return (await this.#api.get("/v1/datasets", DatasetList)).datasets;
  }

  /** Algorithms that searches may use here: shipped, certified or allowed by the owner; and the open votes. */
  algorithms(): Promise<AlgorithmList> {
    return this.#api.get("/v1/algorithms", AlgorithmList);
  }

  /** Brings a search algorithm; needs the token. @param bytes of a WebAssembly module @throws ApiError with the reason */
  addAlgorithm(bytes: Uint8Array): Promise<AddedAlgorithm> {
    return this.#api.postBytes("/v1/algorithms", AddedAlgorithm, bytes);
  }

  /**
   * A file of a job by its hash; the node need not be trusted.
   * @returns undefined where the node does not have it
   * @throws ApiError BAD_ANSWER for other bytes
   */
  async blob(hash: string): Promise<Uint8Array | undefined> {
    const path = `/v1/blobs/${segment(hash)}`;
    const bytes = await this.#api.file(path).catch((error: unknown) => {
      if (error instanceof ApiError && error.facts.status === 404) return undefined;
      throw error;
    });
    if (bytes === undefined || toHex(sha256(bytes)) === hash) return bytes;
    throw badAnswer(path, "the bytes have another SHA-256", undefined);
  }

  /** Checks and prices an order and stores its files for the network; spends nothing. */
  async prepareJob<O extends JobOrder>(order: O): Promise<PreparedOf<O>> {
    const prepared = await this.#api.postJson("/v1/jobs/prepare", PreparedJson, order);
    return ofKind(kindOf(order), prepared) as PreparedOf<O>;
  }

  /** Opens a job with the node's own account. Equal keys give the same job. @returns its id */
  async submitJob(order: JobOrder, idempotencyKey?: string): Promise<string> {
    return (await this.orderJob(order, idempotencyKey)).id;
  }

  /** The same, with the price and what the node chose for the order. */
  orderJob(order: JobOrder, idempotencyKey?: string): Promise<SubmittedJob> {
    const headers = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
    return this.#api.postJson("/v1/jobs", SubmittedJob, order, headers);
  }

  /**
   * The trained model in tfjs format.
   * @throws ApiError BAD_ANSWER when a file differs from the list
   */
  async model(id: string): Promise<{
    listing: ModelListing;
    modelJson: Uint8Array;
    weightsBin: Uint8Array;
    datasetJson: Uint8Array;
  }> {
    const path = `/v1/jobs/${segment(id)}/model`;
    const listing = await this.#api.get(path, ModelListing);
    const file = async (name: ModelFileName): Promise<Uint8Array> => {
      const bytes = await this.#api.file(`${path}/${name}`);
      const listed = listing.files.find((one) => one.name === name);
      if (listed?.sha256 === toHex(sha256(bytes))) return bytes;
      throw badAnswer(`${path}/${name}`, "the bytes do not have the listed SHA-256", undefined);
    };
    return {
      listing,
      modelJson: await file("model.json"),
      weightsBin: await file("weights.bin"),
      datasetJson: await file("dataset.json"),
    };
  }

  certificate(id: string): Promise<CertificateFile> {
    return this.#api.get(`/v1/jobs/${segment(id)}/certificate`, CertificateFile);
  }

  /** A block without its body; trust it only after the light client has verified it. */
  async lightBlock(height: number): Promise<LightBlock> {
    const path = `/v1/light/blocks/${segment(height)}`;
    return decoded(path, decodeLightBlock, (await this.#api.get(path, LightBlockJson)).block);
  }

  /**
   * Blocks that lead from a height (0 = genesis) to another (default: the head), to be verified in order.
   * @throws ApiError BAD_ANSWER when the node makes no progress
   */
  async lightRoute(from: number, to?: number): Promise<LightBlock[]> {
    const blocks: LightBlock[] = [];
    for (let at = from; ; ) {
      const path = `/v1/light/updates${query({ from: at, to })}`;
      const { updates, complete } = await this.#api.get(path, LightRoute);
      blocks.push(...updates.map((hex) => decoded(path, decodeLightBlock, hex)));
      if (complete) return blocks;
      const reached = blocks.at(-1)?.header.height ?? from;
      if (reached <= at || blocks.length > MAX_ROUTE_BLOCKS) {
        throw badAnswer(path, `the route ends at block ${reached}`, undefined);
      }
      at = reached;
    }
  }

  /** @param of path after /v1/proof/, e.g. `jobs/<id>` */
  async proof(of: string): Promise<{ proof: InclusionProof; block: LightBlock }> {
    const path = `/v1/proof/${of}`;
    const answer = await this.#api.get(path, ProofJson);
    return {
      proof: decoded(path, decodeInclusionProof, answer.proof),
      block: decoded(path, decodeLightBlock, answer.block),
    };
  }

  /**
   * Calls `onEvent` for every event after `since` (undefined: only new ones). It reconnects and continues where it
   * stopped, until the signal fires.
   */
  events(
    since: number | undefined,
    onEvent: (event: EventJson) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return readEvents({ baseUrl: this.baseUrl, since, onEvent, signal });
  }

  readonly #send: Send = (path, schema, options) => this.#api.call(path, schema, options);
}
