/** The server optimizers by name. */
import {
  type AggregationSpec,
  SERVER_OPTIMIZERS,
  type ServerOptimizerName,
} from "../../../chain/types/aggregation.ts";
import { BILLION } from "../../../chain/workload/train/check-optimizer.ts";
import { fractionOf } from "../../millionths.ts";
import { adagrad, adam, yogi } from "./adaptive.ts";
import type { ServerOptimizer } from "./server-optimizer.ts";
import { sgd } from "./sgd.ts";

interface Settings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly tau: number;
}

const SERVERS: Readonly<Record<ServerOptimizerName, (settings: Settings) => ServerOptimizer>> = {
  sgd: ({ learningRate, beta1 }) => sgd(learningRate, beta1),
  adagrad,
  adam: (settings) => adam(settings, settings.beta2),
  yogi: (settings) => yogi(settings, settings.beta2),
};

/** @throws RangeError for an optimizer that is not in the list; the chain refuses these */
export function serverOf(spec: AggregationSpec): ServerOptimizer {
  const name = SERVER_OPTIMIZERS[spec.server];
  if (name === undefined) throw new RangeError(`no server optimizer ${spec.server}`);
  return SERVERS[name]({
    learningRate: fractionOf(spec.learningRate),
    beta1: fractionOf(spec.momentum),
    beta2: fractionOf(spec.beta2),
    tau: spec.tau / BILLION,
  });
}
