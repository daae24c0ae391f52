/** The answer of each GET route with a JSON answer, by its path in the API's description. The page uses this table. */
import type { z } from "zod";
import { AlgorithmList } from "./algorithm.ts";
import { BlockJson, BlockList, TransactionStatusJson, WaitingTransactionList } from "./block.ts";
import { DatasetList } from "./dataset.ts";
import { CertificateFile, JobDetail, JobList, RoundList } from "./jobs/job.ts";
import { ModelListing } from "./jobs/train.ts";
import { LightBlockJson, LightRoute } from "./light.ts";
import { AccountJson, Health, NodeDetail, NodeList, Status } from "./network.ts";
import { ParameterList } from "./parameter.ts";
import { RatingExplanation } from "./rating.ts";
import { StorageJson } from "./storage.ts";
import { TaskJson, TaskList } from "./task.ts";
import { UploadJson } from "./upload.ts";

export const ANSWERS = {
  "/healthz": Health,
  "/readyz": Health,
  "/v1/status": Status,
  "/v1/storage": StorageJson,
  "/v1/blocks": BlockList,
  "/v1/blocks/{at}": BlockJson,
  "/v1/transactions/own": WaitingTransactionList,
  "/v1/transactions/{id}": TransactionStatusJson,
  "/v1/accounts/{address}": AccountJson,
  "/v1/nodes": NodeList,
  "/v1/nodes/{key}": NodeDetail,
  "/v1/nodes/{key}/rating": RatingExplanation,
  "/v1/parameters": ParameterList,
  "/v1/algorithms": AlgorithmList,
  "/v1/jobs": JobList,
  "/v1/jobs/{id}": JobDetail,
  "/v1/jobs/{id}/rounds": RoundList,
  "/v1/jobs/{id}/model": ModelListing,
  "/v1/jobs/{id}/certificate": CertificateFile,
  "/v1/light/blocks/{height}": LightBlockJson,
  "/v1/light/updates": LightRoute,
  "/v1/datasets": DatasetList,
  "/v1/uploads/{id}": UploadJson,
  "/v1/tasks": TaskList,
  "/v1/tasks/{id}": TaskJson,
} as const satisfies Readonly<Record<string, z.ZodType>>;

export type AnswerPath = keyof typeof ANSWERS;
export type AnswerOf<P extends AnswerPath> = z.infer<(typeof ANSWERS)[P]>;
