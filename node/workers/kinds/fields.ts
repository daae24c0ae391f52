/** Fields that the orders and results of several kinds have in common. */
import { z } from "zod";
import { LOSSES } from "../../../ml/hyperparameters.ts";

export const Count = z
  .int()
  .min(0)
  .max(2 ** 48);
export const Positive = z
  .int()
  .min(1)
  .max(2 ** 32);
export const Hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
export const Finite = z.number();
/** JSON has no numbers of 64 bits. */
export const Uint64 = z.string().refine(isUint64, "must be a number of 64 bits, decimal");

export function isUint64(text: unknown): boolean {
  return typeof text === "string" && /^(?:0|[1-9]\d{0,19})$/.test(text) && BigInt(text) < 1n << 64n;
}

const OptimizerBase = {
  learningRate: Finite,
  weightDecay: Finite.exactOptional(),
  clipValue: Finite.exactOptional(),
  clipNorm: Finite.exactOptional(),
};
const Hyperparameters = z.strictObject({
  optimizer: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sgd"), momentum: Finite, ...OptimizerBase }),
    z.strictObject({
      kind: z.literal("adam"),
      beta1: Finite.exactOptional(),
      beta2: Finite.exactOptional(),
      epsilon: Finite.exactOptional(),
      ...OptimizerBase,
    }),
    z.strictObject({
      kind: z.literal("adagrad"),
      initialAccumulator: Finite.exactOptional(),
      epsilon: Finite.exactOptional(),
      ...OptimizerBase,
    }),
  ]),
  loss: z.enum(LOSSES).exactOptional(),
  batchSize: z.int().min(1).max(65_536),
});

/** For tasks with a model: inputs `model`, `manifest`, `parameters` and `chunks`. */
export const MODEL_FIELDS = {
  engine: z.enum(["exact", "tfjs"]),
  hyperparameters: Hyperparameters,
  /** The limit for an order, see chain/transactions/job-open.ts. */
  operations: z.int().min(1).max(1e15).optional(),
};
