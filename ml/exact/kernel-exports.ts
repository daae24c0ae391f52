/**
 * What kernels.wasm exports, with the types of its arguments. Addresses are byte offsets into the linked
 * memory; sizes count values or rows, strides bytes. Each kernel is described where it is written,
 * in `kernels/`.
 */
import type { DepthwiseGeometry, PoolGeometry } from "./geometry.ts";
import type { NormKernels } from "./norm-exports.ts";
import type { RecurrentKernels } from "./recurrent-exports.ts";

export type Kernels = MatrixKernels &
  ImageKernels &
  ElementKernels &
  NormKernels &
  RecurrentKernels &
  LossKernels &
  OptimizerKernels;

interface MatrixKernels {
  gemm(
    rows: number,
    columns: number,
    rowBlock: number,
    a: number,
    rowTable: number,
    runs: number,
    runLength: number,
    jump: number,
    b: number,
    bias: number,
    relu: number,
    c: number,
    cRow: number,
  ): void;
  kernelGradient(
    terms: number,
    columns: number,
    a: number,
    termTable: number,
    runs: number,
    runLength: number,
    jump: number,
    d: number,
    g: number,
    accumulate: number,
  ): void;
  packPanels(x: number, rowBytes: number, rows: number, columns: number, out: number): void;
  packTransposed(
    x: number,
    rowBytes: number,
    rows: number,
    columns: number,
    depth: number,
    out: number,
  ): void;
  packFlipped(kernel: number, taps: number, channels: number, filters: number, out: number): void;
  transpose(x: number, rows: number, columns: number, out: number): void;
  sumRows(x: number, rows: number, columns: number, out: number): void;
  embeddingForward(
    x: number,
    n: number,
    table: number,
    vocabulary: number,
    width: number,
    y: number,
  ): void;
  embeddingBackward(
    x: number,
    n: number,
    d: number,
    vocabulary: number,
    width: number,
    g: number,
    size: number,
  ): void;
}

interface ImageKernels {
  padImage(
    x: number,
    height: number,
    width: number,
    channels: number,
    out: number,
    outHeight: number,
    outWidth: number,
    top: number,
    left: number,
    stepY: number,
    stepX: number,
  ): void;
  patches(
    x: number,
    cornerTable: number,
    positions: number,
    imageWidth: number,
    channels: number,
    windowHeight: number,
    windowWidth: number,
    stepY: number,
    stepX: number,
    rowLength: number,
    out: number,
  ): void;
  depthwiseForward(
    ...args: [
      batch: number,
      x: number,
      ...geometry: DepthwiseGeometry,
      kernel: number,
      bias: number,
      y: number,
    ]
  ): void;
  depthwiseKernelGradient(
    ...args: [
      batch: number,
      x: number,
      ...geometry: DepthwiseGeometry,
      g: number,
      size: number,
      d: number,
    ]
  ): void;
  depthwiseInputGradient(
    ...args: [batch: number, dx: number, ...geometry: DepthwiseGeometry, kernel: number, d: number]
  ): void;
  maxPoolForward(
    ...args: [batch: number, x: number, ...geometry: PoolGeometry, y: number, winners: number]
  ): void;
  maxPoolBackward(dy: number, winners: number, outputs: number, dx: number, inputs: number): void;
  averagePoolForward(
    ...args: [batch: number, x: number, ...geometry: PoolGeometry, y: number]
  ): void;
  averagePoolBackward(
    ...args: [batch: number, dx: number, ...geometry: PoolGeometry, dy: number]
  ): void;
}

interface ElementKernels {
  activate(kind: number, alpha: number, x: number, y: number, n: number): void;
  activateBackward(kind: number, alpha: number, x: number, y: number, dy: number, n: number): void;
  reluBackward(y: number, dy: number, n: number): void;
  softmax(x: number, y: number, rows: number, classes: number): void;
  softmaxBackward(p: number, d: number, rows: number, classes: number): void;
  addInto(x: number, y: number, n: number): void;
  copyRows(
    x: number,
    xStride: number,
    y: number,
    yStride: number,
    rows: number,
    rowBytes: number,
  ): void;
  dropout(x: number, y: number, n: number, seed: number, threshold: number, scale: number): void;
}

interface LossKernels {
  /** `start` plus the sum of -ln p[label] over the rows. */
  crossEntropy(p: number, labels: number, rows: number, classes: number, start: number): number;
  crossEntropyGradient(
    p: number,
    labels: number,
    rows: number,
    classes: number,
    d: number,
    scale: number,
  ): void;
  /** `start` plus the losses of the rows. */
  lossSum(kind: number, y: number, t: number, rows: number, outputs: number, start: number): number;
  lossGradient(kind: number, y: number, t: number, n: number, d: number, scale: number): void;
  countConfusion(
    p: number,
    labels: number,
    rows: number,
    outputs: number,
    classes: number,
    confusion: number,
  ): void;
}

interface OptimizerKernels {
  scale(x: number, n: number, factor: number): void;
  clipByValue(x: number, n: number, limit: number): void;
  clipByNorm(x: number, n: number, limit: number): void;
  sgd(w: number, g: number, n: number, rate: number): void;
  sgdMomentum(w: number, v: number, g: number, n: number, rate: number, momentum: number): void;
  adam(
    w: number,
    m: number,
    v: number,
    g: number,
    n: number,
    rate: number,
    b1: number,
    b2: number,
    c1: number,
    c2: number,
    epsilon: number,
  ): void;
  adagrad(w: number, a: number, g: number, n: number, rate: number, epsilon: number): void;
}
