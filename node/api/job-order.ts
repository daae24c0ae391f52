/** From a client's order to the request the node works on: defaults are set here and nowhere else. */
import { ADAGRAD_DEFAULTS, ADAM_DEFAULTS, type Optimizer } from "../../ml/hyperparameters.ts";
import type { JobRequest } from "../services.ts";
import type { JobOrder } from "./contract/job.ts";
import type { OptimizerOrder } from "./contract/optimizer.ts";

const DEFAULTS = {
  rounds: 5,
  localEpochs: 1,
  batchSize: 32,
  partition: "iid",
  aggregation: "fedavg",
  participants: 4,
  teamSize: 3,
  phaseSeconds: 120,
  pricePerSample: "10",
  targetAccuracy: 0,
} as const;

const SGD = { learningRate: 0.05, momentum: 0.9 } as const;
const ADAM = { learningRate: 0.001, ...ADAM_DEFAULTS } as const;
const ADAGRAD = { learningRate: 0.01, ...ADAGRAD_DEFAULTS } as const;

export function toJobRequest(order: JobOrder): JobRequest {
  const participants = order.participants ?? DEFAULTS.participants;
  return {
    name: order.name,
    dataset: order.dataset,
    model: order.model,
    engine: order.engine,
    rounds: order.rounds ?? DEFAULTS.rounds,
    localEpochs: order.localEpochs ?? DEFAULTS.localEpochs,
    batchSize: order.batchSize ?? DEFAULTS.batchSize,
    optimizer: toOptimizer(order.optimizer ?? { kind: "sgd" }),
    loss: order.loss,
    partition: order.partition ?? DEFAULTS.partition,
    aggregation: order.aggregation ?? DEFAULTS.aggregation,
    participants,
    quorum: order.quorum ?? Math.floor(participants / 2) + 1,
    teamSize: order.teamSize ?? DEFAULTS.teamSize,
    phaseSeconds: order.phaseSeconds ?? DEFAULTS.phaseSeconds,
    pricePerSample: BigInt(order.pricePerSample ?? DEFAULTS.pricePerSample),
    targetAccuracy: order.targetAccuracy ?? DEFAULTS.targetAccuracy,
    budget: order.budget === undefined ? undefined : BigInt(order.budget),
    seed: order.seed,
  };
}

function toOptimizer(order: OptimizerOrder): Optimizer {
  switch (order.kind) {
    case "sgd":
      return { ...SGD, ...order };
    case "adam":
      return { ...ADAM, ...order };
    case "adagrad":
      return { ...ADAGRAD, ...order };
  }
}
