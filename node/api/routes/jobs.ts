/** Jobs: price and open them, watch them, take their results. */

import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import type { Job } from "../../../chain/types/job.ts";
import { trainProgress } from "../../../chain/workload/train/train-of.ts";
import { canonicalJson } from "../../../ml/dataset/canonical-json.ts";
import { hasModel } from "../../jobs/job-outcome.ts";
import type { OrderRequest } from "../../jobs/order-request.ts";
import type { OrderedJob, PreparedJob } from "../../jobs/prepared-job.ts";
import type { LiveSearch } from "../../jobs/search/live-search.ts";
import type { ModelFiles } from "../../jobs/train/model-folders.ts";
import { apiError } from "../api-error.ts";
import {
  CertificateFile,
  JobDetail,
  JobList,
  JobOrder,
  type JobSummary,
  PreparedJson,
  RoundList,
  SubmittedJob,
} from "../contract/jobs/job.ts";
import { MODEL_FILES, ModelListing } from "../contract/jobs/train.ts";
import {
  encodeJobDetail,
  encodeJobSummary,
  encodeOrdered,
  encodePrepared,
  encodeRound,
} from "../encode/jobs/job.ts";
import { toOrderRequest } from "../job-order.ts";
import { tokensOfBlocks } from "../rate-limiter.ts";
import { type Reply, type Route, route } from "../route.ts";
import type { FileRouteModules } from "./files.ts";
import { MAX_PAGE, NoQuery, PageQuery, parseHash } from "./parse.ts";
import type { JobView, RecordView, StateView } from "./views.ts";

const DEFAULT_PAGE = 50;
/** Settled ones are read from the disk. */
const JOBS_PER_TOKEN = 20;
const JOB_ID = { id: "job id: the id of the transaction that opened it" };
const MODEL_TYPES = {
  "model.json": "application/json",
  "weights.bin": "application/octet-stream",
  "dataset.json": "application/json",
} as const;

export interface JobRouteModules extends StateView, JobView, RecordView, FileRouteModules {
  /** The new id of a transaction of this node that was signed again; otherwise the given one. */
  currentId(id: Uint8Array): Uint8Array;
  /** What this node sees of a search's round under way; undefined where it has no part in it. */
  liveSearch(job: Pick<Job, "id" | "round">): LiveSearch | undefined;
  /** Checks an order, stores its files for the network, and prices it. @throws PomlError */
  prepareJob(request: OrderRequest): Promise<PreparedJob>;
  /** `prepareJob`, then opens the job with the node's own account. Equal keys give the same job. */
  submitJob(request: OrderRequest, idempotencyKey: string | undefined): Promise<OrderedJob>;
  /** @throws PomlError JOB_NOT_FINISHED, JOB_HAS_NO_MODEL, UNKNOWN_JOB, MODEL_GONE */
  jobModel(id: Uint8Array): Promise<ModelFiles>;
  /** The portable certificate of a finished job, JSON. */
  jobCertificate(id: Uint8Array): Promise<Readonly<Record<string, unknown>>>;
}

export function jobRoutes(services: JobRouteModules): Route[] {
  return [...orderRoutes(services), ...progressRoutes(services), ...resultRoutes(services)];
}

function orderRoutes(services: JobRouteModules): Route[] {
  return [
    route({
      method: "post",
      path: "/v1/jobs/prepare",
      tokens: 20,
      tag: "jobs",
      token: true,
      summary: "Check and price an order, store its files for the network; sign the rest yourself",
      query: NoQuery,
      json: JobOrder,
      answers: [
        { status: 200, description: "the order as it would be opened", schema: PreparedJson },
      ],
      handle: async ({ body }) => ({
        json: encodePrepared(await services.prepareJob(toOrderRequest(body))),
      }),
    }),
    route({
      method: "post",
      path: "/v1/jobs",
      tokens: 20,
      tag: "jobs",
      token: true,
      summary: "Open a job with the node's own account",
      headers: { "Idempotency-Key": "equal keys give the same job" },
      query: NoQuery,
      json: JobOrder,
      answers: [{ status: 201, description: "handed in", schema: SubmittedJob }],
      handle: async (call) => {
        const key = idempotencyKey(call.header("idempotency-key"));
        const ordered = await services.submitJob(toOrderRequest(call.body), key);
        const json = encodeOrdered(ordered);
        return { status: 201, json, headers: { location: `/v1/jobs/${json.id}` } };
      },
    }),
  ];
}

function progressRoutes(services: JobRouteModules): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/jobs",
      tokens: 2,
      isOfHead: true,
      tag: "jobs",
      summary: "Jobs, newest first",
      query: PageQuery,
      answers: [{ status: 200, description: "a page of jobs", schema: JobList }],
      handle: async ({ query }) => {
        const json = await listJobs(services, query);
        return { json, tokens: Math.floor(json.jobs.length / JOBS_PER_TOKEN) };
      },
    }),
    route({
      method: "get",
      path: "/v1/jobs/{id}",
      tokens: 2,
      isOfHead: true,
      tag: "jobs",
      summary: "A job with its team, participants and settlement",
      params: JOB_ID,
      query: NoQuery,
      answers: [{ status: 200, description: "the job", schema: JobDetail }],
      handle: async ({ params }) => {
        const job = await findJob(services, params.id);
        return { json: encodeJobDetail(services.state(), job, services.liveSearch(job)) };
      },
    }),
    route({
      method: "get",
      path: "/v1/jobs/{id}/rounds",
      tokens: 2,
      isCostly: true,
      isOfHead: true,
      tag: "jobs",
      summary: "The recorded rounds of a job with metrics and contributions, from a round on",
      params: JOB_ID,
      query: PageQuery,
      answers: [{ status: 200, description: "rounds, oldest first", schema: RoundList }],
      handle: async ({ params, query: { from, limit = MAX_PAGE } }) => {
        const { id } = await findJob(services, params.id);
        const { items, next, readBytes } = await services.jobRecords(id, { from, limit });
        const state = services.state();
        const rounds = items.map((round) => encodeRound(state, round));
        const json = { rounds, ...(next === undefined ? {} : { next }) };
        return { json, tokens: tokensOfBlocks(readBytes) };
      },
    }),
  ];
}

function resultRoutes(services: JobRouteModules): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/jobs/{id}/model",
      tokens: 20,
      tag: "jobs",
      summary: "Files of the trained model with sizes and hashes",
      params: JOB_ID,
      query: NoQuery,
      answers: [{ status: 200, description: "the files", schema: ModelListing }],
      handle: async ({ params }) => {
        const { id } = await findJob(services, params.id);
        const model = await services.jobModel(id);
        const files = MODEL_FILES.map((name) => ({
          name,
          sizeBytes: model[name].length,
          sha256: toHex(sha256(model[name])),
        }));
        return { json: { job: toHex(id), files } };
      },
    }),
    ...MODEL_FILES.map((name) =>
      route({
        method: "get",
        path: `/v1/jobs/{id}/model/${name}`,
        tokens: 20,
        tag: "jobs",
        summary: `${name} of the trained model, tfjs format`,
        params: JOB_ID,
        query: NoQuery,
        answers: [{ status: 200, description: name, type: MODEL_TYPES[name] }],
        handle: async ({ params }): Promise<Reply> => {
          const job = await findJob(services, params.id);
          const type = MODEL_TYPES[name];
          // By far the largest file: sent from the disk in pieces, if this node has it.
          const isHere = name === "weights.bin" && hasModel(job);
          const file = isHere
            ? await services.files.blob(trainProgress(job).parameters)
            : undefined;
          if (file !== undefined) return { file, type };
          const model = await services.jobModel(job.id);
          return { bytes: model[name], type };
        },
      }),
    ),
    route({
      method: "get",
      path: "/v1/jobs/{id}/certificate",
      tokens: 20,
      tag: "jobs",
      summary: "The portable certificate of a finished job",
      params: JOB_ID,
      query: NoQuery,
      answers: [{ status: 200, description: "the certificate", schema: CertificateFile }],
      handle: async ({ params }) => {
        const { id } = await findJob(services, params.id);
        const certificate = canonicalJson(await services.jobCertificate(id));
        return { bytes: certificate, type: "application/json" };
      },
    }),
  ];
}

/** @throws ApiError BAD_HASH, UNKNOWN_JOB */
async function findJob(services: JobRouteModules, text: string | undefined): Promise<Job> {
  const id = parseHash(text, "id");
  // An order that was signed again, with another nonce or fee, opened its job under another id.
  const found =
    (await services.jobs.find(id)) ?? (await services.jobs.find(services.currentId(id)));
  if (found !== undefined) return found.job;
  throw apiError(404, "UNKNOWN_JOB", `no job ${text} on this chain, or not on this node yet`, {
    field: "id",
    remedy:
      "GET /v1/jobs lists the jobs; one just handed in appears with the next block, and a node that started from a " +
      "snapshot has those settled before it once it has replayed their blocks",
  });
}

async function listJobs(services: JobRouteModules, { from, limit }: PageQuery): Promise<JobList> {
  const { length } = services.state().jobs;
  const newest = Math.min(from ?? length - 1, length - 1);
  const oldest = Math.max(0, newest - (limit ?? DEFAULT_PAGE) + 1);
  const jobs: JobSummary[] = [];
  for await (const { job } of services.jobs.between(newest, oldest)) {
    jobs.push(encodeJobSummary(job));
  }
  const absent = newest - oldest + 1 - jobs.length;
  return {
    jobs,
    ...(oldest > 0 ? { next: oldest - 1 } : {}),
    ...(absent > 0 ? { absent } : {}),
  };
}

/** @throws ApiError BAD_IDEMPOTENCY_KEY */
function idempotencyKey(value: string | undefined): string | undefined {
  if (value === undefined || /^[\x21-\x7e]{1,128}$/.test(value)) return value;
  throw apiError(400, "BAD_IDEMPOTENCY_KEY", "Idempotency-Key: 1 to 128 visible characters", {
    field: "Idempotency-Key",
    remedy: "use a fresh UUID per job",
  });
}
