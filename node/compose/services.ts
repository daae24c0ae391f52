/** Answers the API's requests from the parts of a running node. */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import type { Job, JobKind } from "../../chain/types/job.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import { MAX_MODULE_BYTES } from "../../ml/search/abi.ts";
import type { NodeServices } from "../api/server.ts";
import type { BlobFetcher } from "../blobs/blob-fetcher.ts";
import { BlobError, type BlobStore } from "../blobs/blob-store.ts";
import { type FoundJob, JobArchive } from "../chain/job-archive.ts";
import type { TransactionStatus } from "../chain/transaction-status.ts";
import type { ImportTasks } from "../datasets/import-tasks.ts";
import type { UploadStore } from "../datasets/upload-store.ts";
import type { EventHub } from "../events/event-hub.ts";
import { JobError } from "../jobs/job-error.ts";
import { jobRecords } from "../jobs/job-records.ts";
import { OrderDesk } from "../jobs/order-desk.ts";
import type { OrderRequest } from "../jobs/order-request.ts";
import type { PreparedJob } from "../jobs/prepared-job.ts";
import type { LiveSearches } from "../jobs/search/live-searches.ts";
import { prepareSearch } from "../jobs/search/prepare.ts";
import { requireFinished } from "../jobs/search/require-finished.ts";
import type { SearchRequest } from "../jobs/search/search-request.ts";
import type { DatasetService } from "../jobs/train/dataset-service.ts";
import type { JobRequest } from "../jobs/train/job-request.ts";
import { readModelFiles } from "../jobs/train/model-files.ts";
import type { ModelOpener } from "../jobs/train/models/model-opener.ts";
import type { NamedFile } from "../jobs/train/orders/inspect-order.ts";
import type { OrderInspector } from "../jobs/train/orders/order-inspector.ts";
import { prepareJob } from "../jobs/train/prepare.ts";
import type { PublicFiles } from "../jobs/train/public-files.ts";
import { makeCertificate } from "../light/certificate.ts";
import { reportConflict } from "../light/report-conflict.ts";
import { ratingHistory } from "../rating/rating-history.ts";
import type { ModuleReport } from "../search/probe-module.ts";
import type { NodeStatus } from "../status/node-status.ts";
import type { StorageReport } from "../storage/report.ts";
import type { Ledger } from "./ledger.ts";

export interface ServiceParts {
  readonly ledger: Ledger;
  readonly datasets: DatasetService;
  readonly blobs: BlobStore;
  readonly fetcher: BlobFetcher;
  readonly events: EventHub;
  readonly files: PublicFiles;
  /** The node's own account. */
  readonly address: Uint8Array;
  readonly uploads: UploadStore;
  readonly imports: ImportTasks;
  readonly inspector: OrderInspector;
  readonly opener: ModelOpener;
  tryModule(bytes: Uint8Array): Promise<ModuleReport>;
  /** What the owner allows (`jobs.allow`). */
  readonly allow: readonly string[];
  readonly live: Pick<LiveSearches, "of">;
  status(): NodeStatus;
  storage(): Promise<StorageReport>;
  metrics(): Promise<string>;
}

const MODEL_MS = 60_000;
/** A client waits meanwhile. */
const MODULE_MS = 15_000;

export function createServices(parts: ServiceParts): NodeServices {
  const { ledger, datasets, blobs, fetcher, opener, events } = parts;
  const { chain, mempool, transactions, duties, clients, evidence } = ledger;

  const block = async (at: number | Uint8Array): Promise<CertifiedBlock | undefined> => {
    const height = typeof at === "number" ? at : await chain.store.heightOf(at);
    return height === undefined ? undefined : chain.store.block(height);
  };

  const jobs = new JobArchive(chain);
  const findJob = async (id: Uint8Array): Promise<FoundJob> => {
    const found = await jobs.find(id);
    if (found !== undefined) return found;
    throw new JobError(
      `no job ${toHex(id)} on this chain`,
      { code: "UNKNOWN_JOB", job: toHex(id) },
      {
        action: "local",
        remedy: "`npx poml job list` shows the jobs; a new one takes a block or two",
      },
    );
  };

  const transaction = async (id: Uint8Array): Promise<TransactionStatus | undefined> => {
    const waiting = mempool.get(id);
    if (waiting !== undefined) {
      return { state: "pending", transaction: waiting, height: undefined, index: undefined };
    }
    const place = await chain.store.transactionPlace(id);
    const replacement = duties.currentId(id);
    if (place === undefined && replacement !== id) return transaction(replacement);
    if (place === undefined) return undefined;
    const found = (await block(place.height))?.block.body.transactions[place.index];
    return found === undefined ? undefined : { state: "final", transaction: found, ...place };
  };

  const localFile = (hash: Uint8Array): NamedFile => ({
    path: blobs.pathOf(hash),
    hash: toHex(hash),
  });
  const network = {
    parameters: () => chain.state.parameters,
    nodes: () => chain.state.nodes.activeCount,
    openJobs: () => chain.state.jobs.activeCount,
    drawable: () => chain.state.drawWeights.filter((weight) => weight > 0n).length,
  };
  const prepareTrain = (request: JobRequest): Promise<PreparedJob> =>
    prepareJob(request, {
      ...network,
      datasets,
      blobs,
      models: opener,
      inspect: (spec) =>
        parts.inspector.inspect(spec, spec.participants, {
          client: "owner",
          files: async () => ({
            model: localFile(trainSpec(spec).model),
            manifest: localFile(trainSpec(spec).dataset),
          }),
          // Its client waits, and the helper has its own limits.
          signal: new AbortController().signal,
        }),
    });
  const { tryModule } = parts;
  const prepareNonces = (request: SearchRequest): Promise<PreparedJob> =>
    prepareSearch(request, {
      ...network,
      keep: (module) => blobs.put(module),
      find: (hash) => findModule(hash, fetcher),
      tryModule,
    });
  const prepare = ({ kind, order }: OrderRequest): Promise<PreparedJob> =>
    kind === "train" ? prepareTrain(order) : prepareNonces(order);

  const modelFilesOf = (job: Job) =>
    readModelFiles(job, { fetcher, opener }, AbortSignal.timeout(MODEL_MS));
  /** Each throws an error for a job without a result, which gets no certificate. */
  const requireResult: Readonly<Record<JobKind, (job: Job) => unknown>> = {
    train: modelFilesOf,
    search: requireFinished,
  };

  const desk = new OrderDesk({ prepare, duties, store: chain.store });

  return {
    status: parts.status,
    state: () => chain.state,
    head: () => ({ header: chain.tip.header, hash: chain.head.hash }),
    block,
    transaction,
    nextNonce: (address) =>
      equalBytes(address, parts.address)
        ? duties.nextNonce()
        : mempool.nextNonce(chain.state, address),
    liveSearch: (job) => parts.live.of(job),
    currentId: (id) => duties.currentId(id),
    jobs,
    jobRecords: async (id, page) => jobRecords(chain.store, (await findJob(id)).job, page),
    submit: async (signed) => {
      const id = await transactions.submit(signed);
      clients.keep([signed]);
      return id;
    },
    submitAll: async (all) => {
      const refusals = await transactions.submitAll(all);
      clients.keep(all.filter((_, i) => refusals[i] === undefined));
      return refusals;
    },
    ratingHistory: (node, page) => ratingHistory(chain.store, node, page),
    submitEvidence: (proof) => evidence.submit(proof),
    reportConflict: (shown) =>
      reportConflict(shown, {
        light: ledger.light,
        state: () => chain.state,
        prevotes: (height) => ledger.driver.past.at(height),
        submit: (proof) => evidence.submit(proof),
      }),
    uploads: parts.uploads,
    imports: parts.imports,
    datasets: () => datasets.list(),
    prepareJob: prepare,
    submitJob: (request, key) => desk.submit(request, key),
    allow: parts.allow,
    addAlgorithm: async (bytes) => {
      const report = await tryModule(bytes);
      await blobs.put(bytes);
      return report;
    },
    jobModel: async (id) => {
      const { job } = await findJob(id);
      return modelFilesOf(job);
    },
    jobCertificate: async (id) => {
      const { index, job } = await findJob(id);
      await requireResult[jobKindOf(job.spec)](job);
      return { ...(await makeCertificate(chain, index, { jobs, light: ledger.light })) };
    },
    files: parts.files,
    light: ledger.light,
    events,
    storage: parts.storage,
    metrics: parts.metrics,
  };
}

/** From this disk, or from a peer. */
async function findModule(
  hash: Uint8Array,
  fetcher: Pick<BlobFetcher, "fetch">,
): Promise<Uint8Array | undefined> {
  const signal = AbortSignal.timeout(MODULE_MS);
  try {
    return await fetcher.fetch(hash, { maxBytes: MAX_MODULE_BYTES, signal });
  } catch (error) {
    if (signal.aborted || error instanceof BlobError) return undefined;
    throw error;
  }
}
