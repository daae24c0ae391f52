/** Checks that the aggregation of a job has settings within their limits, and none that it does not use. */
import { WHOLE } from "../../millionths.ts";
import { checkIndex, refuseField } from "../../transaction-error.ts";
import {
  type AggregationName,
  type AggregationSpec,
  JOB_AGGREGATIONS,
  SERVER_OPTIMIZERS,
  type ServerOptimizerName,
} from "../../types/aggregation.ts";
import type { JobSpec } from "../../types/job.ts";
import { BILLION } from "./check-optimizer.ts";
import { trainSpec } from "./train-of.ts";

type Setting = Exclude<keyof AggregationSpec, "rule" | "server">;

/** The smallest and the largest value, if the setting is used. */
const BOUNDS: Readonly<Record<Setting, readonly [number, number]>> = {
  hostile: [0, WHOLE / 2 - 1],
  clip: [0, 1000 * WHOLE],
  bucket: [1, 16],
  learningRate: [1, 10 * WHOLE],
  momentum: [0, WHOLE - 1],
  beta2: [0, WHOLE - 1],
  tau: [1, BILLION],
};

const RULE_SETTINGS = {
  fedavg: [],
  median: [],
  "trimmed-mean": ["hostile"],
  krum: ["hostile"],
  "multi-krum": ["hostile"],
  "geometric-median": [],
  "centred-clipping": ["clip"],
  "norm-clipping": ["clip"],
} as const satisfies Record<AggregationName, readonly Setting[]>;

const SERVER_SETTINGS = {
  sgd: [],
  adagrad: ["tau"],
  adam: ["beta2", "tau"],
  yogi: ["beta2", "tau"],
} as const satisfies Record<ServerOptimizerName, readonly Setting[]>;

const SHARED: readonly Setting[] = ["bucket", "learningRate", "momentum"];
/** These compare every update, or every bucket, with every other one. */
const COMPARING: readonly AggregationName[] = [
  "krum",
  "multi-krum",
  "geometric-median",
  "centred-clipping",
  "norm-clipping",
];
export const MAX_COMPARED = 64;

/** @throws TransactionError BAD_FIELD, naming `spec.aggregation.<field>` */
export function checkAggregation(spec: Pick<JobSpec, "work" | "participants">): void {
  const { aggregation } = trainSpec(spec);
  checkIndex("spec.aggregation.rule", aggregation.rule, JOB_AGGREGATIONS);
  checkIndex("spec.aggregation.server", aggregation.server, SERVER_OPTIMIZERS);
  const rule = JOB_AGGREGATIONS[aggregation.rule] ?? "fedavg";
  const server = SERVER_OPTIMIZERS[aggregation.server] ?? "sgd";
  const used: readonly Setting[] = [...SHARED, ...RULE_SETTINGS[rule], ...SERVER_SETTINGS[server]];
  for (const [setting, [low, high]] of Object.entries(BOUNDS) as [Setting, [number, number]][]) {
    const value = aggregation[setting];
    const field = `spec.aggregation.${setting}`;
    if (!used.includes(setting)) {
      if (value === 0) continue;
      refuseField(
        field,
        `must be 0 with ${rule} and ${server}, which do not use it, got ${value}`,
        "set it to 0, or choose another rule or server",
      );
    }
    if (value < low || value > high) {
      const unit = setting === "tau" ? "give it in billionths" : "give it in millionths";
      const remedy = setting === "bucket" ? "give the number of updates" : unit;
      refuseField(field, `must be ${low} to ${high}, got ${value}`, remedy);
    }
  }
  const compared = Math.ceil(spec.participants / aggregation.bucket);
  if (COMPARING.includes(rule) && compared > MAX_COMPARED) {
    refuseField(
      "spec.aggregation.bucket",
      `${rule} compares at most ${MAX_COMPARED} updates or buckets, here are ${compared}`,
      "use larger buckets, fewer participants, or another rule",
    );
  }
}

/** Whether something goes from a round to the next, besides the parameters. */
export function keepsState({ rule, server, momentum }: AggregationSpec): boolean {
  const isCentred = JOB_AGGREGATIONS[rule] === "centred-clipping";
  return isCentred || SERVER_OPTIMIZERS[server] !== "sgd" || momentum > 0;
}
