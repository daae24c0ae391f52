/**
 * Compiles a model program into lists of steps over planned memory: forward for training, forward for
 * evaluation, backward, update. After this, running a batch is a walk over those lists.
 */

import type { Hyperparameters } from "../engine.ts";
import type { LayersModel } from "../model/layers-model.ts";
import type { ProgramLayer } from "../model/program.ts";
import { Arena } from "./arena.ts";
import { planConv2d } from "./layers/conv2d.ts";
import { planDense } from "./layers/dense.ts";
import { dropoutSeed, planDropout, planRelu } from "./layers/elementwise.ts";
import type {
  LayerPlan,
  LinkContext,
  PlanContext,
  Step,
  WeightOffsets,
} from "./layers/layer-plan.ts";
import { planMaxPool2d } from "./layers/max-pool2d.ts";
import { type Kernels, linkKernels } from "./load-kernels.ts";
import { PanelLayout } from "./panels.ts";

export interface CompiledProgram {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly layout: PanelLayout;
  /** Byte offsets. */
  readonly inputs: number;
  readonly labels: number;
  readonly probabilities: number;
  readonly confusion: number;
  readonly parameters: number;
  /** 0 without momentum. */
  readonly velocity: number;
  readonly forwardTraining: readonly Step[];
  readonly forwardEvaluation: readonly Step[];
  /** From the labels to the updated parameters; softmax outputs must be in place. */
  readonly backwardAndUpdate: readonly Step[];
  /** Seeds the dropout masks of the following steps. */
  seedDropout(seed: number): void;
}

interface PlannedLayer {
  readonly plan: LayerPlan;
  readonly weighted: boolean;
  readonly trainingOnly: boolean;
}

/** @throws EngineError TOO_LARGE */
export function compileProgram(
  module: WebAssembly.Module,
  model: LayersModel,
  layers: readonly ProgramLayer[],
  { optimizer, batchSize }: Hyperparameters,
): CompiledProgram {
  const { classes } = model;
  const layout = new PanelLayout(model.parameters);
  const arena = new Arena();
  const inputs = arena.reserve(batchSize * model.inputSize);
  const labels = arena.reserve(batchSize);
  const confusion = arena.reserve(classes * classes);
  const parameters = arena.reserve(layout.size);
  const gradients = arena.reserve(layout.size);
  const velocity = optimizer.momentum > 0 ? arena.reserve(layout.size) : 0;

  const weightsOf = (kernel: number, bias: number | null): WeightOffsets => {
    const kernelAt = layout.offsetOf(kernel) * 4;
    const biasAt = bias === null ? null : layout.offsetOf(bias) * 4;
    return {
      kernel: parameters + kernelAt,
      kernelGradient: gradients + kernelAt,
      bias: biasAt === null ? 0 : parameters + biasAt,
      biasGradient: biasAt === null ? 0 : gradients + biasAt,
    };
  };
  let stepSeed = 0;
  const planned = planLayers(
    layers,
    { arena, batchSize, input: inputs },
    weightsOf,
    () => stepSeed,
  );

  const probabilities = planned.at(-1)?.plan.output ?? inputs;
  const firstWeighted = planned.findIndex((layer) => layer.weighted);
  const widest = Math.max(0, ...planned.slice(firstWeighted).map(({ plan }) => plan.outputSize));
  const gradientBuffers = [arena.reserve(batchSize * widest), arena.reserve(batchSize * widest)];
  const scratch = arena.reserve(Math.max(1, ...planned.map(({ plan }) => plan.scratch)));
  const memory = arena.allocate();
  const kernels = linkKernels(module, memory);
  const context: LinkContext = { kernels, scratch };

  const forwardTraining: Step[] = [];
  const forwardEvaluation: Step[] = [];
  for (const { plan, trainingOnly } of planned) {
    const step = plan.forward(context);
    forwardTraining.push(step);
    if (!trainingOnly) forwardEvaluation.push(step);
  }
  const softmax: Step = (count) => kernels.softmax(probabilities, count, classes);
  forwardTraining.push(softmax);
  forwardEvaluation.push(softmax);

  const [first = 0, second = 0] = gradientBuffers;
  const backwardAndUpdate: Step[] = [
    (count) =>
      kernels.crossEntropyGradient(probabilities, labels, count, classes, first, 1 / count),
  ];
  let dOutput = first;
  let spare = second;
  for (let index = planned.length - 1; index >= firstWeighted; index--) {
    const layer = planned[index];
    if (layer === undefined) break;
    const dInput = index === firstWeighted ? 0 : spare;
    backwardAndUpdate.push(layer.plan.backward(context, dOutput, dInput));
    if (!layer.plan.inPlace) [dOutput, spare] = [spare, dOutput];
  }
  const { learningRate, momentum } = optimizer;
  backwardAndUpdate.push(
    velocity === 0
      ? () => kernels.sgd(parameters, gradients, layout.size, learningRate)
      : () =>
          kernels.sgdMomentum(parameters, velocity, gradients, layout.size, learningRate, momentum),
  );
  return {
    kernels,
    memory,
    layout,
    inputs,
    labels,
    probabilities,
    confusion,
    parameters,
    velocity,
    forwardTraining,
    forwardEvaluation,
    backwardAndUpdate,
    seedDropout: (seed) => {
      stepSeed = seed;
    },
  };
}

function planLayers(
  layers: readonly ProgramLayer[],
  context: PlanContext,
  weightsOf: (kernel: number, bias: number | null) => WeightOffsets,
  stepSeed: () => number,
): readonly PlannedLayer[] {
  const planned: PlannedLayer[] = [];
  let input = context.input;
  let dropouts = 0;
  for (let index = 0; index < layers.length; index++) {
    const layer = layers[index];
    if (layer === undefined || layer.kind === "softmax") break;
    const here: PlanContext = { ...context, input };
    let plan: LayerPlan;
    switch (layer.kind) {
      case "dense": {
        const relu = layers[index + 1]?.kind === "relu";
        if (relu) index++;
        plan = planDense(layer, here, weightsOf(layer.kernel, layer.bias), relu);
        break;
      }
      case "conv2d": {
        const relu = layers[index + 1]?.kind === "relu";
        if (relu) index++;
        const maskGradient = relu && layers[index + 1]?.kind !== "maxPool2d";
        const weights = weightsOf(layer.kernel, layer.bias);
        plan = planConv2d(layer, here, weights, { relu, maskGradient });
        break;
      }
      case "maxPool2d":
        plan = planMaxPool2d(layer, here, layers[index - 1]?.kind === "relu");
        break;
      case "relu":
        plan = planRelu(layer, here, layers[index + 1]?.kind !== "maxPool2d");
        break;
      case "dropout": {
        const position = dropouts++;
        plan = planDropout(layer, here, () => dropoutSeed(stepSeed(), position));
        break;
      }
    }
    const weighted = layer.kind === "dense" || layer.kind === "conv2d";
    planned.push({ plan, weighted, trainingOnly: layer.kind === "dropout" });
    input = plan.output;
  }
  return planned;
}
