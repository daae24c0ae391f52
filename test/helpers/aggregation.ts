/** Ways to combine updates, as orders state them. */
import type { AggregationName, AggregationSpec } from "../../chain/types/aggregation.ts";
import {
  type AggregationSettings,
  aggregationSpecOf,
  HOSTILE_DEFAULT,
  HOSTILE_RULES,
  SERVER_DEFAULTS,
  type ServerSettings,
} from "../../ml/job-aggregation.ts";

/** A rule with its defaults, and the combined update taken as it is. */
export function aggregationOf(
  rule: AggregationName,
  changes: Partial<AggregationSettings> = {},
  server: ServerSettings = SERVER_DEFAULTS.sgd,
): AggregationSpec {
  const hostile = HOSTILE_RULES.includes(rule) ? { hostile: HOSTILE_DEFAULT } : {};
  return aggregationSpecOf({ bucket: 1, ...hostile, ...changes, rule }, server);
}

export const FEDAVG: AggregationSpec = aggregationOf("fedavg");
