/** From a client's order to the request the node works on: bytes and integers decoded, nothing filled in. */
import { fromHex } from "../../chain/crypto/hash.ts";
import type { OrderRequest } from "../jobs/order-request.ts";
import type { SearchRequest } from "../jobs/search/search-request.ts";
import type { JobRequest } from "../jobs/train/job-request.ts";
import type { JobOrder } from "./contract/jobs/job.ts";
import type { SearchOrder } from "./contract/jobs/search-order.ts";
import type { TrainOrder } from "./contract/jobs/train.ts";

export function toOrderRequest(order: JobOrder): OrderRequest {
  return order.kind === "search"
    ? { kind: "search", order: toSearchRequest(order) }
    : { kind: "train", order: toJobRequest(order) };
}

export function toJobRequest({
  kind: _,
  pricePerSample,
  budget,
  ...order
}: TrainOrder): JobRequest {
  return { ...order, pricePerSample: integer(pricePerSample), budget: integer(budget) };
}

export function toSearchRequest({ kind: _, ...order }: SearchOrder): SearchRequest {
  const { prefix, suffix, target, from, to, pricePerGigahash, bonus, maxSpend, ...rest } = order;
  return {
    ...rest,
    prefix: bytes(prefix),
    suffix: bytes(suffix),
    target: bytes(target),
    from: integer(from),
    to: integer(to),
    pricePerGigahash: integer(pricePerGigahash),
    bonus: integer(bonus),
    maxSpend: integer(maxSpend),
  };
}

function integer(value: string | number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

function bytes(hex: string | undefined): Uint8Array | undefined {
  return hex === undefined ? undefined : fromHex(hex);
}
