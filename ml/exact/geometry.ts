/** What kernels over windows of an image are told of their shape, in the order of the parameters. */

/** Arguments that the pooling kernels share. */
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

/** Arguments that the depthwise kernels share. */
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
