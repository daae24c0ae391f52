/** The shape arguments of kernels that slide windows over an image, in the order of the kernels' parameters. */

/** Arguments of the pooling kernels. */
export type PoolGeometry = readonly [
  height: number,
  width: number,
  channels: number,
  windowHeight: number,
  windowWidth: number,
  strideHeight: number,
  strideWidth: number,
  top: number,
  left: number,
  outHeight: number,
  outWidth: number,
];

/** Arguments of the depthwise kernels. */
export type DepthwiseGeometry = readonly [
  height: number,
  width: number,
  channels: number,
  multiplier: number,
  windowHeight: number,
  windowWidth: number,
  strideHeight: number,
  strideWidth: number,
  dilationHeight: number,
  dilationWidth: number,
  top: number,
  left: number,
  outHeight: number,
  outWidth: number,
];
