/** Makes the plan of a layer from an operation. */

import type { Operation } from "./fuse.ts";
import { planActivation } from "./layers/activation.ts";
import { planBatchNorm } from "./layers/batch-norm.ts";
import { planConv2d } from "./layers/conv2d.ts";
import { planDense } from "./layers/dense.ts";
import { planDepthwiseConv2d } from "./layers/depthwise-conv2d.ts";
import { dropoutSeed, planDropout } from "./layers/dropout.ts";
import { planEmbedding } from "./layers/embedding.ts";
import { planLayerNorm } from "./layers/layer-norm.ts";
import type { LayerPlan, PlanContext } from "./layers/layer-plan.ts";
import { planAdd, planConcatenate } from "./layers/merge.ts";
import { planPool2d } from "./layers/pool2d.ts";
import { planRecurrent } from "./layers/recurrent.ts";
import { planSoftmax } from "./layers/softmax.ts";

/** Counts dropout layers: the masks of a layer follow from the step's seed and this number. */
export interface DropoutSeeds {
  layers: number;
  step: number;
}

export function planLayer(
  { layer, relu, maskedByPool, afterRelu }: Operation,
  context: PlanContext,
  seeds: DropoutSeeds,
): LayerPlan {
  switch (layer.kind) {
    case "dense":
      return planDense(layer, context, relu);
    case "conv2d":
      return planConv2d(layer, context, { relu, maskGradient: relu && !maskedByPool });
    case "depthwiseConv2d":
      return planDepthwiseConv2d(layer, context);
    case "maxPool2d":
    case "averagePool2d":
      return planPool2d(layer, context, afterRelu);
    case "activation":
      return planActivation(layer, context, !maskedByPool);
    case "softmax":
      return planSoftmax(layer, context);
    case "dropout": {
      const place = seeds.layers++;
      return planDropout(layer, context, () => dropoutSeed(seeds.step, place));
    }
    case "batchNorm":
      return planBatchNorm(layer, context);
    case "layerNorm":
      return planLayerNorm(layer, context);
    case "embedding":
      return planEmbedding(layer, context);
    case "simpleRnn":
    case "gru":
    case "lstm":
      return planRecurrent(layer, context);
    case "add":
      return planAdd(layer, context);
    case "concatenate":
      return planConcatenate(layer, context);
  }
}
