/** How a job makes the next parameters out of the updates of a round: buckets, a rule, and a server optimizer. */
import type { AggregationSpec } from "../../chain/types/aggregation.ts";
import type { Rule } from "./rules/rule.ts";
import { ruleOf } from "./rules/rule-of.ts";
import { serverOf } from "./server/server-of.ts";
import type { ServerOptimizer } from "./server/server-optimizer.ts";

export interface Strategy {
  /** Updates that are averaged before the rule sees them; 1 = none. */
  readonly bucket: number;
  readonly rule: Rule;
  readonly server: ServerOptimizer;
  /**
   * What each vector of the state between rounds holds in the first one: the combined update of the round before, where
   * the rule needs it, and what the server keeps. Empty: there is no state.
   */
  readonly initial: readonly number[];
}

/** @throws RangeError for what is not in the lists; the chain refuses it */
export function strategyOf(spec: AggregationSpec): Strategy {
  const rule = ruleOf(spec);
  const server = serverOf(spec);
  const initial = usesCentre(rule) ? [0, ...server.initial] : server.initial;
  return { bucket: spec.bucket, rule, server, initial };
}

export function usesCentre(rule: Rule): boolean {
  return rule.kind === "weighing" && rule.usesCentre;
}
