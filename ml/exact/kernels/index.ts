// The exported kernels. The host plans the memory, imports it and passes byte addresses.

export { activate, activateBackward, reluBackward } from "./activation";
export {
  depthwiseForward,
  depthwiseInputGradient,
  depthwiseKernelGradient,
} from "./depthwise";
export { addInto, clipByNorm, clipByValue, copyRows, dropout, scale } from "./elementwise";
export { embeddingBackward, embeddingForward } from "./embedding";
export { gemm } from "./gemm";
export { padImage, patches } from "./image";
export { kernelGradient } from "./kernel-gradient";
export { countConfusion, crossEntropy, crossEntropyGradient, lossGradient, lossSum } from "./loss";
export {
  batchNormForward,
  batchNormInputGradient,
  channelMoments,
  inverseDeviation,
  layerNormForward,
  layerNormInputGradient,
  moveAverage,
  normGradients,
} from "./norm";
export { adagrad, adam, sgd, sgdMomentum } from "./optimizer";
export { packFlipped, packPanels, packTransposed, sumRows, transpose } from "./pack";
export {
  averagePoolBackward,
  averagePoolForward,
  maxPoolBackward,
  maxPoolForward,
} from "./pool";
export {
  gruGates,
  gruGatesBackward,
  gruState,
  gruStateBackward,
  lstmCell,
  lstmCellBackward,
  simpleCell,
  simpleCellBackward,
} from "./recurrent";
export { softmax, softmaxBackward } from "./softmax";
