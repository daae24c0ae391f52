/**
 * Compiles a model program into lists of steps over planned memory: forward for training, forward for evaluation,
 * backward, update. To run a batch is then to run through these lists.
 */

import { DEFAULT_LOSS, type Hyperparameters } from "../hyperparameters.ts";
import type { LayersModel } from "../model/layers-model.ts";
import { MODEL_INPUT, type ProgramLayer } from "../model/program.ts";
import { Arena } from "./arena.ts";
import { BackwardPlan, type PlannedOperation } from "./backward.ts";
import { fuse, type Operation } from "./fuse.ts";
import type { Kernels } from "./kernel-exports.ts";
import type { LayerPlan, LinkContext, PlanContext, Step, Weight } from "./layers/layer-plan.ts";
import { linkKernels } from "./load-kernels.ts";
import { type LossPlan, planLoss } from "./loss.ts";
import { type OptimizerPlan, planOptimizer } from "./optimizer.ts";
import { PanelLayout } from "./panels.ts";
import { type DropoutSeeds, planLayer } from "./plan-layer.ts";

export interface CompiledProgram {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly layout: PanelLayout;
  readonly loss: LossPlan;
  readonly optimizer: OptimizerPlan;
  /** Byte offsets. */
  readonly inputs: number;
  readonly outputs: number;
  readonly confusion: number;
  readonly parameters: number;
  readonly forwardTraining: readonly Step[];
  readonly forwardEvaluation: readonly Step[];
  /** From the targets to the updated parameters; the outputs of the batch must be computed before. */
  readonly backwardAndUpdate: readonly Step[];
  /** Seeds the dropout masks of the following steps. */
  seedDropout(seed: number): void;
}

/**
 * Memory that a compiled program needs, in bytes; allocates none.
 * @throws EngineError TOO_LARGE
 */
export function programBytes(
  model: LayersModel,
  layers: readonly ProgramLayer[],
  hyperparameters: Hyperparameters,
): number {
  return planProgram(model, layers, hyperparameters).arena.bytes;
}

/** @throws EngineError TOO_LARGE */
export function compileProgram(
  module: WebAssembly.Module,
  model: LayersModel,
  layers: readonly ProgramLayer[],
  hyperparameters: Hyperparameters,
): CompiledProgram {
  const plan = planProgram(model, layers, hyperparameters);
  const { operations, backward, seeds, lossPlan, optimizerPlan } = plan;
  const memory = plan.arena.allocate();
  const kernels = linkKernels(module, memory);
  const context: LinkContext = { kernels, scratch: plan.scratch };
  const start = backward.startOffset;
  return {
    kernels,
    memory,
    layout: plan.layout,
    loss: lossPlan,
    optimizer: optimizerPlan,
    inputs: plan.inputs,
    outputs: plan.outputs,
    confusion: plan.confusion,
    parameters: plan.parameters,
    forwardTraining: operations.map(({ plan }) => plan.forward(context)),
    forwardEvaluation: operations.flatMap(({ plan }) => {
      const step = plan.evaluate === undefined ? plan.forward(context) : plan.evaluate(context);
      return step === null ? [] : [step];
    }),
    backwardAndUpdate: [
      (count) => lossPlan.gradient(kernels, count, start),
      ...backward.link(context),
      () => optimizerPlan.update(kernels),
    ],
    seedDropout: (seed) => {
      seeds.step = seed;
    },
  };
}

/** Gives every buffer its place without allocating memory. */
function planProgram(
  model: LayersModel,
  layers: readonly ProgramLayer[],
  { optimizer, batchSize, loss = DEFAULT_LOSS }: Hyperparameters,
) {
  const { classes, outputSize } = model;
  const layout = new PanelLayout(model.parameters);
  const arena = new Arena();
  const inputs = arena.reserve(batchSize * model.inputSize);
  const confusion = arena.reserve(classes * classes);
  const parameters = arena.reserve(layout.size);
  const gradients = arena.reserve(layout.size);
  const optimizerPlan = planOptimizer(optimizer, arena, {
    parameters,
    gradients,
    size: layout.size,
    trainable: layout.trainable,
  });
  const weight = (offset: number | null): Weight => {
    if (offset === null) return { value: 0, gradient: 0 };
    const at = layout.offsetOf(offset) * 4;
    return { value: parameters + at, gradient: gradients + at };
  };
  const seeds: DropoutSeeds = { layers: 0, step: 0 };
  const operations = planOperations(fuse(layers), { arena, batchSize, weight, inputs, seeds });

  const outputs = operations.at(-1)?.plan.output ?? inputs;
  const lossPlan = planLoss(loss, arena, { batchSize, outputSize, outputs });
  const { throughLast } = lossPlan;
  const backward = new BackwardPlan(operations, { batchSize, throughLast });
  backward.reserve(arena);
  const scratch = arena.reserve(Math.max(1, ...operations.map(({ plan }) => plan.scratch)));
  return {
    arena,
    layout,
    operations,
    backward,
    seeds,
    lossPlan,
    optimizerPlan,
    scratch,
    inputs,
    outputs,
    confusion,
    parameters,
  };
}

interface OperationParts extends Pick<PlanContext, "arena" | "batchSize" | "weight"> {
  /** Byte offset of the model's inputs. */
  readonly inputs: number;
  readonly seeds: DropoutSeeds;
}

function planOperations(
  operations: readonly Operation[],
  { inputs: modelInput, seeds, ...parts }: OperationParts,
): readonly PlannedOperation[] {
  const planned: PlannedOperation[] = [];
  /** What later steps still read from the memory in which each output lies. */
  const readsOf: LayerPlan["reads"][] = [];
  const usesOf = (index: number): number =>
    operations.reduce((n, { inputs }) => n + inputs.filter((input) => input === index).length, 0);
  for (const operation of operations) {
    const { layer } = operation;
    const inputs = operation.inputs.map((index) => planned[index]?.plan.output ?? modelInput);
    const [first = MODEL_INPUT] = operation.inputs;
    const reads = readsOf[first] ?? "nothing";
    const inPlace =
      usesOf(first) === 1 && (reads === "nothing" || (reads === "sign" && keepsSign(layer)));
    const input = inputs[0] ?? modelInput;
    const plan = planLayer(operation, { ...parts, inputs, input, inPlace }, seeds);
    const weighted = "kernel" in layer || "gamma" in layer || "table" in layer;
    planned.push({ ...operation, plan, weighted });
    readsOf.push(plan.output === input && plan.reads === "nothing" ? reads : plan.reads);
  }
  return planned;
}

/**
 * Whether the layer keeps positive values positive and makes no other value positive, except where the gradient is zero
 * anyway.
 */
function keepsSign(layer: ProgramLayer): boolean {
  return (
    layer.kind === "dropout" ||
    (layer.kind === "activation" &&
      (layer.activation === "relu" || layer.activation === "leakyRelu"))
  );
}
