/** Checks that the optimizer of a job has settings within their limits, and none that it does not use. */
import { WHOLE } from "../../millionths.ts";
import { checkIndex, refuseField } from "../../transaction-error.ts";
import { JOB_OPTIMIZERS, type OptimizerSpec } from "../../types/optimizer.ts";

/** `epsilon` is counted in billionths; this is the whole. */
export const BILLION = 1_000_000_000;

type Setting = Exclude<keyof OptimizerSpec, "kind">;

/** The smallest and the largest value, if the setting is used. */
const BOUNDS: Readonly<Record<Setting, readonly [number, number]>> = {
  learningRate: [1, 10 * WHOLE],
  momentum: [0, WHOLE - 1],
  beta1: [0, WHOLE - 1],
  beta2: [0, WHOLE - 1],
  epsilon: [1, BILLION],
  initialAccumulator: [0, 1000 * WHOLE],
  weightDecay: [0, 10 * WHOLE],
  clipValue: [0, 1000 * WHOLE],
  clipNorm: [0, 1000 * WHOLE],
};

/** Besides those that every optimizer has. */
const OWN_SETTINGS = {
  sgd: ["momentum"],
  adam: ["beta1", "beta2", "epsilon"],
  adagrad: ["epsilon", "initialAccumulator"],
} as const satisfies Record<(typeof JOB_OPTIMIZERS)[number], readonly Setting[]>;
const OWNED: ReadonlySet<Setting> = new Set(Object.values(OWN_SETTINGS).flat());

/** @throws TransactionError BAD_FIELD, naming `spec.optimizer.<field>` */
export function checkOptimizer(optimizer: OptimizerSpec): void {
  checkIndex("spec.optimizer.kind", optimizer.kind, JOB_OPTIMIZERS);
  const name = JOB_OPTIMIZERS[optimizer.kind] ?? "sgd";
  const own: readonly Setting[] = OWN_SETTINGS[name];
  for (const [setting, [low, high]] of Object.entries(BOUNDS) as [Setting, [number, number]][]) {
    const value = optimizer[setting];
    const field = `spec.optimizer.${setting}`;
    if (OWNED.has(setting) && !own.includes(setting)) {
      if (value === 0) continue;
      refuseField(
        field,
        `must be 0 with ${name}, which does not use it, got ${value}`,
        "set it to 0, or choose another optimizer",
      );
    }
    if (value < low || value > high) {
      const unit = setting === "epsilon" ? "billionths" : "millionths";
      refuseField(field, `must be ${low} to ${high}, got ${value}`, `give it in ${unit}`);
    }
  }
  const { learningRate, weightDecay } = optimizer;
  if (learningRate * weightDecay >= WHOLE * WHOLE) {
    refuseField(
      "spec.optimizer.weightDecay",
      `must be below 1 / learningRate, got ${weightDecay} with a rate of ${learningRate} millionths`,
      "lower the weight decay or the learning rate",
    );
  }
}
