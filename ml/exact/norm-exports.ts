/** The normalisation kernels, described in `kernels/norm.ts`. */

export interface NormKernels {
  channelMoments(x: number, rows: number, channels: number, mean: number, variance: number): void;
  moveAverage(moving: number, value: number, n: number, decay: number): void;
  inverseDeviation(variance: number, n: number, epsilon: number, inverse: number): void;
  batchNormForward(
    x: number,
    rows: number,
    channels: number,
    mean: number,
    inverse: number,
    gamma: number,
    beta: number,
    y: number,
  ): void;
  normGradients(
    x: number,
    d: number,
    rows: number,
    channels: number,
    mean: number,
    inverse: number,
    perRow: number,
    dGamma: number,
    dBeta: number,
  ): void;
  batchNormInputGradient(
    x: number,
    d: number,
    rows: number,
    channels: number,
    mean: number,
    inverse: number,
    gamma: number,
    dGamma: number,
    dBeta: number,
    dx: number,
  ): void;
  layerNormForward(
    x: number,
    rows: number,
    channels: number,
    epsilon: number,
    gamma: number,
    beta: number,
    mean: number,
    inverse: number,
    y: number,
  ): void;
  layerNormInputGradient(
    x: number,
    d: number,
    rows: number,
    channels: number,
    mean: number,
    inverse: number,
    gamma: number,
    dx: number,
  ): void;
}
