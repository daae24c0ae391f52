/**
 * `NodeServices` over a real chain in memory: blocks, states and refusals are those of the rules,
 * datasets and models those of ml/. Only the network, the disk and the training are left out.
 */

import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatAmount } from "../../chain/amount.ts";
import { blockHash } from "../../chain/apply-block.ts";
import { applyTransaction } from "../../chain/apply-transaction.ts";
import { addressOf } from "../../chain/crypto/address.ts";
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { EvidencePool } from "../../chain/evidence/pool.ts";
import { verifyEvidence } from "../../chain/evidence/verify-evidence.ts";
import { DrawRoom } from "../../chain/job/draw-room.ts";
import { openingPrice } from "../../chain/job/opening-price.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import type { State } from "../../chain/state/state.ts";
import { refuse } from "../../chain/transaction-error.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { ListRoom } from "../../chain/transactions/list-room.ts";
import type { Block, CertifiedBlock } from "../../chain/types/block.ts";
import type { Evidence } from "../../chain/types/evidence.ts";
import type { Job } from "../../chain/types/job.ts";
import type { LightBlock } from "../../chain/types/light.ts";
import { JOB_LOSSES } from "../../chain/types/optimizer.ts";
import { JOB_ENGINES, JOB_PARTITIONS } from "../../chain/types/train.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { Vote } from "../../chain/types/vote.ts";
import { verifyTransaction } from "../../chain/verify-signatures.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import { datasetId, encodeManifest, type Manifest, rowCount } from "../../ml/dataset/manifest.ts";
import { readManifest } from "../../ml/dataset/store.ts";
import { aggregationSpecOf } from "../../ml/job-aggregation.ts";
import { optimizerSpecOf } from "../../ml/job-hyperparameters.ts";
import { checkLossFits, defaultLoss } from "../../ml/loss-fit.ts";
import { modelJsonOf } from "../../ml/model/artifact.ts";
import { type LayersModel, parseLayersModel } from "../../ml/model/layers-model.ts";
import { operationsOf } from "../../ml/model/operations.ts";
import { presetModel } from "../../ml/model/presets.ts";
import { AlgorithmError } from "../../ml/search/algorithm-error.ts";
import { encodeBlockSummary } from "../../node/api/encode/block.ts";
import { encodeJobSummary, encodeRound } from "../../node/api/encode/jobs/job.ts";
import { plain } from "../../node/api/encode/plain.ts";
import type { NodeServices } from "../../node/api/server.ts";
import { type FoundJob, JobArchive } from "../../node/chain/job-archive.ts";
import type { TransactionStatus } from "../../node/chain/transaction-status.ts";
import type { DatasetSummary } from "../../node/datasets/dataset-summary.ts";
import { importDataset } from "../../node/datasets/import-dataset.ts";
import { ImportTasks } from "../../node/datasets/import-tasks.ts";
import { UPLOAD_LIMITS, type UploadLimits, UploadStore } from "../../node/datasets/upload-store.ts";
import type { EventSource, NodeEvent } from "../../node/events/node-event.ts";
import type { RecordedRound } from "../../node/jobs/job-records.ts";
import type { OrderRequest } from "../../node/jobs/order-request.ts";
import type { OrderedJob, PreparedJob } from "../../node/jobs/prepared-job.ts";
import { prepareSearch } from "../../node/jobs/search/prepare.ts";
import { requireFinished } from "../../node/jobs/search/require-finished.ts";
import type { SearchRequest } from "../../node/jobs/search/search-request.ts";
import { fillOrder } from "../../node/jobs/train/default-order.ts";
import { requireModel } from "../../node/jobs/train/model-files.ts";
import type { ModelFiles } from "../../node/jobs/train/model-folders.ts";
import { reportConflict } from "../../node/light/report-conflict.ts";
import type { Page, Pages } from "../../node/pages.ts";
import type { PastChange } from "../../node/rating/rating-history.ts";
import { type ModuleReport, probeModule } from "../../node/search/probe-module.ts";
import type { NodeStatus } from "../../node/status/node-status.ts";
import { STORAGE_KINDS } from "../../node/storage/kinds.ts";
import type { StorageReport } from "../../node/storage/report.ts";
import { SILENT } from "../../p2p/log.ts";
import { TestChain } from "./chain.ts";
import { jobSpec, nextStep, openJob, weightsAfter } from "./job-run.ts";
import { LightChain } from "./light-chain.ts";
import { SearchStory } from "./search-run.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Keeps the last `kept` events, as a node does. */
export class EventLog implements EventSource {
  readonly #kept: number;
  readonly #events: NodeEvent[] = [];
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  cursor = 0;

  constructor(kept = 1000) {
    this.#kept = kept;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  emit(type: NodeEvent["type"], data: object): void {
    const event: NodeEvent = {
      cursor: ++this.cursor,
      type,
      data: plain(data) as NodeEvent["data"],
    };
    this.#events.push(event);
    if (this.#events.length > this.#kept) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(since: number | undefined, listener: (event: NodeEvent) => void): () => void {
    for (const event of this.#events) {
      if (since !== undefined && event.cursor > since) listener(event);
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export class FixtureNode implements NodeServices {
  readonly chain: TestChain;
  readonly events: EventLog;
  readonly #evidence = new EvidencePool();
  readonly #mempool = new Mempool();
  readonly #ledger: LightChain;
  readonly #blocks: CertifiedBlock[];
  readonly light: LightChain["service"];
  readonly jobs: JobArchive;
  readonly #datasets = new Map<string, DatasetSummary>();
  readonly #models = new Map<string, LayersModel>();
  /** Manifests of the datasets. */
  readonly #manifests = new Map<string, Manifest>();
  readonly #orders = new Map<string, Uint8Array>();
  readonly #searches = new Map<string, SearchStory>();
  /** Units that each node searches in a round at most. */
  unitsARound = 1000;
  /** None, until a test gives it some. */
  files: NodeServices["files"] = { blob: async () => undefined, chunk: async () => undefined };
  /** Set by tests of forks: prevotes that this node kept. */
  prevotes: readonly Vote[] = [];
  /** What it sees of searches: nothing, until a test says something. */
  searchTroubles: NodeStatus["searchTroubles"] = [];
  liveSearch: NodeServices["liveSearch"] = () => undefined;
  /** Set by tests of a node that cannot join. */
  bootstrap: NodeStatus["bootstrap"] = [];
  /** Set by tests that need a node that is behind. */
  syncing = false;
  peerHeights: NodeStatus["peerHeights"] = { highest: 0, silentMs: 0 };

  readonly folder = mkdtempSync(join(tmpdir(), "poml-fixture-"));
  readonly uploads: UploadStore;
  readonly imports = new ImportTasks({
    clock: Date,
    log: SILENT,
    run: (order, { onProgress }) => importDataset(order, onProgress),
    adopt: (folder) => this.#adopt(folder),
  });

  /** @param ledger a chain that has got somewhere already */
  constructor(
    events = new EventLog(),
    ledger = new LightChain(newChain()),
    uploadLimits: Partial<UploadLimits> = {},
  ) {
    this.events = events;
    this.chain = ledger.chain;
    this.#ledger = ledger;
    this.#blocks = ledger.blocks;
    this.light = ledger.service;
    const state = (): State => this.state();
    this.jobs = new JobArchive({
      get state() {
        return state();
      },
      store: { settled: ledger.chain.settled },
    });
    const limits = { ...UPLOAD_LIMITS, ...uploadLimits };
    this.uploads = new UploadStore(this.folder, limits, { clock: Date });
  }

  /** Removes what it wrote. */
  async close(): Promise<void> {
    await this.imports.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #adopt(folder: string): Promise<DatasetSummary> {
    const manifest = await readManifest(folder);
    const summary: DatasetSummary = {
      id: datasetId(manifest),
      name: manifest.name,
      shape: manifest.shape,
      classes: manifest.classes,
      trainRows: rowCount(manifest, "train"),
      testRows: rowCount(manifest, "test"),
      licence: manifest.licence,
      notes: manifest.notes,
    };
    this.#datasets.set(summary.id, summary);
    this.#manifests.set(summary.id, manifest);
    return summary;
  }

  /** Puts everything that waits into a block and makes it final. */
  advance(): Block {
    const block = this.chain.build(
      this.#mempool.select(this.state(), 1_000_000, 1000),
      0,
      1_000_000,
      this.#evidence.select(),
    );
    const certified = this.#ledger.take(block);
    this.#mempool.afterBlock(this.state(), block.body.transactions);
    this.#evidence.afterBlock(this.state());
    this.events.emit("block", encodeBlockSummary(this.state(), certified));
    for (const record of block.body.records) {
      const round = { height: block.header.height, blockHash: blockHash(block.header), record };
      this.events.emit("round", encodeRound(this.state(), round));
    }
    for (let index = 0; index < this.state().jobs.length; index++) {
      const job = this.chain.settled.get(index) ?? this.state().jobs.get(index);
      if (job !== undefined) this.events.emit("job", encodeJobSummary(job));
    }
    return block;
  }

  /** Plays participants and managers until every job is settled or `rounds` are recorded. */
  runJobs(rounds = Number.POSITIVE_INFINITY): void {
    for (let guard = 0; guard < 200; guard++) {
      const open = Array.from(this.state().jobs.activeEntries(), ([, job]) => job).filter(
        (job) => job.round <= rounds || job.round === 0,
      );
      if (open.length === 0 && this.#mempool.size === 0) return;
      for (const job of open) {
        const steps =
          jobKindOf(job.spec) === "search"
            ? this.search(job).next(this.unitsARound)
            : nextStep(this.chain, job, weightsAfter);
        for (const transaction of steps) {
          this.#mempool.add(this.state(), transaction);
        }
      }
      this.advance();
    }
    throw new Error("the jobs do not end");
  }

  /** What the nodes of a search do: they hash with SHA-256, whatever it orders. */
  search({ id, spec }: Job): SearchStory {
    const name = toHex(id);
    const known = this.#searches.get(name);
    if (known !== undefined) return known;
    const story = new SearchStory({ opened: { chain: this.chain, id, spec } });
    this.#searches.set(name, story);
    return story;
  }

  status(): NodeStatus {
    const { height, meta } = this.state();
    const [self, ...others] = this.chain.founders;
    if (self === undefined) throw new Error("a chain without founders");
    return {
      version: "0.1.0",
      network: "test",
      genesisRoot: this.chain.genesisRoot,
      publicKey: self.keys.publicKey,
      name: "node 0",
      height,
      headHash: this.chain.head.hash,
      lowestBlock: 1,
      damagedBlocks: 0,
      hasDiskRoom: true,
      hasJobRoom: true,
      abstainsThrough: undefined,
      keyElsewhere: undefined,
      ownTransactions: [],
      headTime: Number(meta.time),
      round: 0,
      syncing: this.syncing,
      peerHeights: this.peerHeights,
      idleMs: 60_000,
      joining: { snapshot: undefined, history: undefined },
      bootstrap: this.bootstrap,
      refusedPeers: [],
      peers: others.map(({ keys }, i) => ({
        publicKey: keys.publicKey,
        address: `/ip4/127.0.0.1/tcp/${9001 + i}/ws`,
        latencyMs: i === 2 ? undefined : 3 + i,
        score: 0,
      })),
      mempool: { transactions: this.#mempool.size, bytes: this.#mempool.bytes },
      workers: [{ id: "local-1", kind: "local", state: "idle", task: undefined }],
      slashedAt: undefined,
      searchTroubles: this.searchTroubles,
      lastWindow: { window: 3, lanes: 1, segments: 12, coreShare: 0.4 },
      uptimeSeconds: 125.5,
      rssBytes: 120 * 1024 * 1024,
      listen: { p2p: ["/ip4/127.0.0.1/tcp/9000/ws"], torrent: "127.0.0.1:9100" },
    };
  }

  state(): State {
    return this.chain.head.state;
  }

  head() {
    return { header: this.#blocks.at(-1)?.block.header, hash: this.chain.head.hash };
  }

  async block(at: number | Uint8Array): Promise<CertifiedBlock | undefined> {
    if (typeof at === "number") return this.#blocks[at - 1];
    return this.#blocks.find(({ certificate }) => equalBytes(certificate.blockHash, at));
  }

  async transaction(id: Uint8Array): Promise<TransactionStatus | undefined> {
    for (const { block } of this.#blocks) {
      const index = block.body.transactions.findIndex(({ transaction }) =>
        equalBytes(transactionId(transaction), id),
      );
      const transaction = block.body.transactions[index];
      const { height } = block.header;
      if (transaction !== undefined) return { state: "final", transaction, height, index };
    }
    const transaction = this.#mempool.get(id);
    if (transaction === undefined) return undefined;
    return { state: "pending", transaction, height: undefined, index: undefined };
  }

  nextNonce(address: Uint8Array): number {
    return this.#mempool.nextNonce(this.state(), address);
  }

  /** By id in hex: the id under which a test says that the transaction was signed anew. */
  readonly replaced = new Map<string, Uint8Array>();

  currentId(id: Uint8Array): Uint8Array {
    return this.replaced.get(toHex(id)) ?? id;
  }

  async jobRecords(id: Uint8Array, { from = 1, limit }: Page): Promise<Pages<RecordedRound>> {
    const rounds = this.#blocks.flatMap(({ block, certificate }) =>
      block.body.records
        .filter((record) => equalBytes(record.job, id) && record.round >= from)
        .map((record) => ({
          height: block.header.height,
          blockHash: certificate.blockHash,
          record,
        })),
    );
    return { items: rounds.slice(0, limit), next: rounds[limit]?.record.round, readBytes: 0 };
  }

  async ratingHistory(node: number, { from, limit }: Page): Promise<Pages<PastChange>> {
    const changes = this.#blocks
      .flatMap(({ block: { header, body } }) =>
        body.ratingChanges
          .filter((change) => change.node === node)
          .map((change) => ({ height: header.height, time: Number(header.time), change })),
      )
      .filter(({ height }) => height <= (from ?? height))
      .reverse();
    return { items: changes.slice(0, limit), next: changes[limit]?.height, readBytes: 0 };
  }

  async submitEvidence(evidence: Evidence): Promise<void> {
    await verifyEvidence(this.state(), this.chain.genesisRoot, evidence);
    this.#evidence.add(this.state(), evidence);
  }

  reportConflict(block: LightBlock): Promise<readonly number[]> {
    return reportConflict(block, {
      light: this.light,
      state: () => this.state(),
      prevotes: () => this.prevotes,
      submit: (evidence) => this.submitEvidence(evidence),
    });
  }

  async submit(signed: SignedTransaction): Promise<Uint8Array> {
    await verifyTransaction(this.state(), this.chain.genesisRoot, signed);
    const proposer = addressOf(this.status().publicKey);
    const id = transactionId(signed.transaction);
    const waiting = this.#mempool.select(this.state(), 1_000_000, 1000);
    const trial = this.state().fork();
    const draws = DrawRoom.endless();
    const lists = ListRoom.endless();
    for (const each of this.#mempool.has(id) ? [] : [...waiting, signed]) {
      applyTransaction(trial, each, { proposer, records: [], ratingChanges: [], draws, lists });
    }
    this.#mempool.add(this.state(), signed);
    return id;
  }

  async submitAll(all: readonly SignedTransaction[]): Promise<(Error | undefined)[]> {
    const answers: (Error | undefined)[] = [];
    for (const signed of all) {
      answers.push(
        await this.submit(signed).then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
        ),
      );
    }
    return answers;
  }

  forgetDataset(id: string): void {
    this.#datasets.delete(id);
  }

  async datasets(): Promise<readonly DatasetSummary[]> {
    return [...this.#datasets.values()];
  }

  async prepareJob({ kind, order: asked }: OrderRequest): Promise<PreparedJob> {
    if (kind === "search") return this.#prepareSearch(asked);
    const dataset = this.#datasets.get(asked.dataset);
    if (dataset === undefined) {
      throw new PomlError("this node does not hold the dataset", { code: "UNKNOWN_DATASET" });
    }
    const data = { name: dataset.name, rows: dataset.trainRows, shape: dataset.shape };
    const { order: request, notes } = fillOrder(asked, data, 4);
    const json =
      "preset" in request.model
        ? presetModel(request.model.preset, {
            inputShape: dataset.shape,
            classes: dataset.classes.length,
          })
        : request.model.layersModel;
    const model = parseLayersModel(json);
    const loss = request.loss ?? defaultLoss(model);
    checkLossFits(loss, model);
    const spec = jobSpec(request.name, {
      optimizer: optimizerSpecOf(request.optimizer),
      loss: JOB_LOSSES.indexOf(loss),
      engine: JOB_ENGINES.indexOf(request.engine ?? "exact"),
      partition: JOB_PARTITIONS.indexOf(request.partition),
      aggregation: aggregationSpecOf(request.aggregation, request.server),
      model: this.#keepModel(model),
      dataset: Buffer.from(dataset.id, "hex"),
      parameterCount: model.parameterCount,
      trainRows: dataset.trainRows,
      testRows: dataset.testRows,
      trainChunks: this.#manifests.get(dataset.id)?.train.length ?? 1,
      rounds: request.rounds,
      pricePerUnit: request.pricePerSample ?? 10n,
      operations: BigInt(operationsOf(model)),
      quorum: request.quorum,
      participants: request.participants,
    });
    const { jobs, parameters } = this.state();
    const price = jobPrice(spec, parameters) + openingPrice(spec, jobs.activeCount, parameters);
    const escrow = request.budget ?? price;
    if (escrow < price) {
      refuse(
        `budget: ${formatAmount(escrow)} POML is below the price of this job, ${formatAmount(price)} POML`,
        { code: "BUDGET_BELOW_PRICE", budget: escrow, price },
        "raise the budget, or ask for fewer rounds, epochs or rows",
      );
    }
    return { spec, price, escrow, notes };
  }

  #prepareSearch(asked: SearchRequest): Promise<PreparedJob> {
    const { parameters, jobs, nodes } = this.state();
    return prepareSearch(asked, {
      find: async (hash) => this.modules.get(toHex(hash)),
      keep: async (bytes) => sha256(bytes),
      tryModule: (bytes) => this.addAlgorithm(bytes),
      parameters: () => parameters,
      drawable: () => nodes.activeCount,
      nodes: () => nodes.activeCount,
      openJobs: () => jobs.activeCount,
    });
  }

  /** Of modules that were tried, by hash. */
  readonly #reports = new Map<string, ModuleReport>();
  allow: readonly string[] = [
    "search/sha256",
    "search/sha256d",
    "search/blake2b",
    "search/certified",
  ];
  /** By hash. */
  readonly modules = new Map<string, Uint8Array>();

  async addAlgorithm(bytes: Uint8Array): Promise<ModuleReport> {
    const known = this.#reports.get(toHex(sha256(bytes)));
    if (known !== undefined) return known;
    const answer = await probeModule({ bytes });
    if (!answer.isGood) throw new AlgorithmError(answer.message, answer.facts);
    this.modules.set(answer.report.hash, bytes);
    this.#reports.set(answer.report.hash, answer.report);
    return answer.report;
  }

  async submitJob(request: OrderRequest, key: string | undefined): Promise<OrderedJob> {
    const known = key === undefined ? undefined : this.#orders.get(key);
    if (known !== undefined) return { id: known, prepared: undefined };
    const prepared = await this.prepareJob(request);
    const id = await this.submit(openJob(this.chain, this.chain.client, prepared.spec));
    if (key !== undefined) this.#orders.set(key, id);
    return { id, prepared };
  }

  async jobModel(id: Uint8Array): Promise<ModelFiles> {
    const { job } = await this.#found(id);
    requireModel(job);
    const model = this.#models.get(toHex(trainSpec(job.spec).model));
    const manifest = this.#manifests.get(toHex(trainSpec(job.spec).dataset));
    return {
      "model.json": model === undefined ? text("{}") : modelJsonOf(model),
      // What the job-run helper says the last round ended with.
      "weights.bin": weightsAfter(job),
      "dataset.json": manifest === undefined ? text("{}") : encodeManifest(manifest),
    };
  }

  async jobCertificate(id: Uint8Array): Promise<Readonly<Record<string, unknown>>> {
    const { index, job } = await this.#found(id);
    if (jobKindOf(job.spec) === "train") await this.jobModel(id);
    else requireFinished(job);
    return { ...(await this.#ledger.certificate(index)) };
  }

  async #found(id: Uint8Array): Promise<FoundJob> {
    const found = await this.jobs.find(id);
    if (found === undefined) throw new Error("no such job");
    return found;
  }

  #keepModel(model: LayersModel): Uint8Array {
    const hash = sha256(canonicalJson(model.json));
    this.#models.set(toHex(hash), model);
    return hash;
  }

  async storage(): Promise<StorageReport> {
    const kept = { files: 2, bytes: 3_000_000, neededBytes: 1_000_000 };
    const oldest = { name: "ab".repeat(32), touchedAt: 1_000, until: 2_000, job: "cd".repeat(32) };
    return {
      countedAt: 5_000,
      freeBytes: 1e10,
      minFreeBytes: 2 ** 28,
      jobsMinFreeBytes: 2 ** 30,
      hasJobRoom: true,
      kinds: STORAGE_KINDS.map((kind) => ({
        kind,
        ...kept,
        heldBytes: 0,
        quotaBytes: 2 ** 32,
        oldest: kind === "blobs" ? oldest : undefined,
      })),
      deletions: [{ at: 4_000, kind: "models", name: "m", bytes: 10, reason: "low-disk" }],
    };
  }

  async metrics(): Promise<string> {
    return `# TYPE poml_height gauge\npoml_height ${this.state().height}\n`;
  }
}

function newChain(): TestChain {
  return new TestChain({ parameters: { windowOffset: 1_000_000 } });
}
