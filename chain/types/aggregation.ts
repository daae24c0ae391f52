/** How the updates of a round become the next model: a rule that combines them, and an optimizer that takes the step. */
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Uint8, Uint32 } from "./primitive.ts";

/** Wire values; append only. */
export const JOB_AGGREGATIONS = [
  "fedavg",
  "median",
  "trimmed-mean",
  "krum",
  "multi-krum",
  "geometric-median",
  "centred-clipping",
  "norm-clipping",
] as const;
export type AggregationName = (typeof JOB_AGGREGATIONS)[number];

/** Wire values; append only. sgd with a rate of 1 and no momentum takes the combined update as it is. */
export const SERVER_OPTIMIZERS = ["sgd", "adagrad", "adam", "yogi"] as const;
export type ServerOptimizerName = (typeof SERVER_OPTIMIZERS)[number];

/** Settings in millionths, `tau` in billionths. A setting that the rule or the optimizer does not use is 0. */
export const AggregationSpec = new ContainerType(
  {
    /** Index into JOB_AGGREGATIONS. */
    rule: Uint8,
    /** trimmed-mean, krum, multi-krum: share of the updates that are taken to be hostile. */
    hostile: Uint32,
    /** centred-clipping, norm-clipping: the length to which updates are cut; 0 = by the median of their lengths. */
    clip: Uint32,
    /** So many updates, drawn anew in each round, are averaged before the rule sees them; 1 = none. */
    bucket: Uint8,
    /** Index into SERVER_OPTIMIZERS. */
    server: Uint8,
    /** Of the server. */
    learningRate: Uint32,
    /** sgd: momentum; adagrad, adam, yogi: beta 1. */
    momentum: Uint32,
    /** adam, yogi: beta 2. */
    beta2: Uint32,
    /** adagrad, adam, yogi: degree of adaptivity; billionths. */
    tau: Uint32,
  },
  { typeName: "AggregationSpec", jsonCase: "eth2" },
);
export type AggregationSpec = ValueOf<typeof AggregationSpec>;
