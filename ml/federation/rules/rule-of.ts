/** The rules by name. */
import {
  type AggregationName,
  type AggregationSpec,
  JOB_AGGREGATIONS,
} from "../../../chain/types/aggregation.ts";
import { fractionOf } from "../../millionths.ts";
import { centredClipping } from "./centred-clipping.ts";
import { fedavg } from "./fedavg.ts";
import { geometricMedian } from "./geometric-median.ts";
import { krum, multiKrum } from "./krum.ts";
import { median } from "./median.ts";
import { normClipping } from "./norm-clipping.ts";
import type { CoordinateRule, Rule } from "./rule.ts";
import { trimmedMean } from "./trimmed-mean.ts";

interface Settings {
  readonly hostile: number;
  readonly clip: number | undefined;
}

const RULES: Readonly<Record<AggregationName, (settings: Settings) => Rule>> = {
  fedavg: () => byCoordinate(fedavg),
  median: () => byCoordinate(median),
  "trimmed-mean": ({ hostile }) => byCoordinate((updates) => trimmedMean(updates, hostile)),
  krum: ({ hostile }) => krum(hostile),
  "multi-krum": ({ hostile }) => multiKrum(hostile),
  "geometric-median": () => geometricMedian,
  "centred-clipping": ({ clip }) => centredClipping(clip),
  "norm-clipping": ({ clip }) => normClipping(clip),
};

function byCoordinate(combine: CoordinateRule["combine"]): CoordinateRule {
  return { kind: "coordinate", combine };
}

/** @throws RangeError for a rule that is not in the list; the chain refuses these */
export function ruleOf({ rule, hostile, clip }: AggregationSpec): Rule {
  const name = JOB_AGGREGATIONS[rule];
  if (name === undefined) throw new RangeError(`no aggregation ${rule}`);
  return RULES[name]({
    hostile: fractionOf(hostile),
    clip: clip === 0 ? undefined : fractionOf(clip),
  });
}
