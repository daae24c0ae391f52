// The exported kernels. The host plans the memory, imports it and passes byte addresses.

export { dropout, reluBackward, reluForward, sgd, sgdMomentum } from "./elementwise";
export { gemm } from "./gemm";
export { padImage, patches } from "./image";
export { kernelGradient } from "./kernel-gradient";
export { packFlipped, packPanels, packTransposed, sumRows, transpose } from "./pack";
export { maxPoolBackward, maxPoolForward } from "./pool";
export { countConfusion, crossEntropy, crossEntropyGradient, softmax } from "./softmax";
