/** How a job combines updates, as numbers; the chain has integers. */
import {
  type AggregationName,
  type AggregationSpec,
  JOB_AGGREGATIONS,
  SERVER_OPTIMIZERS,
} from "../chain/types/aggregation.ts";
import { BILLION } from "../chain/workload/train/check-optimizer.ts";
import { fractionOf, millionthsOf } from "./millionths.ts";

/** A setting that the rule does not use, and a clip by the median of the lengths, is absent. */
export interface AggregationSettings {
  readonly rule: AggregationName;
  /** Share of the updates that are taken to be hostile. */
  readonly hostile?: number;
  readonly clip?: number;
  /** Updates that are averaged before the rule sees them; 1 = none. */
  readonly bucket: number;
}

export interface ServerSgd {
  readonly kind: "sgd";
  readonly learningRate: number;
  /** 0: none. */
  readonly momentum: number;
}

export interface ServerAdagrad {
  readonly kind: "adagrad";
  readonly learningRate: number;
  readonly beta1: number;
  readonly tau: number;
}

export interface ServerAdam {
  readonly kind: "adam";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly tau: number;
}

export interface ServerYogi extends Omit<ServerAdam, "kind"> {
  readonly kind: "yogi";
}

export type ServerSettings = ServerSgd | ServerAdagrad | ServerAdam | ServerYogi;

export const HOSTILE_DEFAULT = 0.2;
/** Rules that name a share of hostile updates. */
export const HOSTILE_RULES: readonly AggregationName[] = ["trimmed-mean", "krum", "multi-krum"];

/** As in the paper's choice for image models (Reddi et al. 2021, appendix D). */
const ADAPTIVE = { learningRate: 0.01, beta1: 0.9, tau: 0.001 } as const;
export const SERVER_DEFAULTS = {
  sgd: { kind: "sgd", learningRate: 1, momentum: 0 },
  adagrad: { kind: "adagrad", ...ADAPTIVE, beta1: 0 },
  adam: { kind: "adam", ...ADAPTIVE, beta2: 0.99 },
  yogi: { kind: "yogi", ...ADAPTIVE, beta2: 0.99 },
} as const satisfies Record<ServerSettings["kind"], ServerSettings>;

/** Rounded to the units of the wire. */
export function aggregationSpecOf(
  { rule, hostile = 0, clip = 0, bucket }: AggregationSettings,
  server: ServerSettings,
): AggregationSpec {
  return {
    rule: JOB_AGGREGATIONS.indexOf(rule),
    hostile: millionthsOf(hostile),
    clip: millionthsOf(clip),
    bucket,
    server: SERVER_OPTIMIZERS.indexOf(server.kind),
    learningRate: millionthsOf(server.learningRate),
    momentum: millionthsOf(server.kind === "sgd" ? server.momentum : server.beta1),
    beta2: "beta2" in server ? millionthsOf(server.beta2) : 0,
    tau: "tau" in server ? Math.round(server.tau * BILLION) : 0,
  };
}

/** @throws RangeError for a rule that is not in the list; the chain refuses these */
export function aggregationOf(spec: AggregationSpec): AggregationSettings {
  const rule = JOB_AGGREGATIONS[spec.rule];
  if (rule === undefined) throw new RangeError(`no aggregation ${spec.rule}`);
  return {
    rule,
    ...(HOSTILE_RULES.includes(rule) && { hostile: fractionOf(spec.hostile) }),
    ...(spec.clip > 0 && { clip: fractionOf(spec.clip) }),
    bucket: spec.bucket,
  };
}

/** @throws RangeError for an optimizer that is not in the list; the chain refuses these */
export function serverSettingsOf(spec: AggregationSpec): ServerSettings {
  const kind = SERVER_OPTIMIZERS[spec.server];
  const learningRate = fractionOf(spec.learningRate);
  const [beta1, beta2] = [fractionOf(spec.momentum), fractionOf(spec.beta2)];
  const tau = spec.tau / BILLION;
  switch (kind) {
    case "sgd":
      return { kind, learningRate, momentum: beta1 };
    case "adagrad":
      return { kind, learningRate, beta1, tau };
    case "adam":
      return { kind, learningRate, beta1, beta2, tau };
    case "yogi":
      return { kind, learningRate, beta1, beta2, tau };
    default:
      throw new RangeError(`no server optimizer ${spec.server}`);
  }
}
