/** From a client's order to the request the node works on: amounts as integers, nothing filled in. */
import type { JobRequest } from "../jobs/train/job-request.ts";
import type { JobOrder } from "./contract/jobs/job.ts";

export function toJobRequest({ kind: _, pricePerSample, budget, ...order }: JobOrder): JobRequest {
  return {
    ...order,
    pricePerSample: pricePerSample === undefined ? undefined : BigInt(pricePerSample),
    budget: budget === undefined ? undefined : BigInt(budget),
  };
}
