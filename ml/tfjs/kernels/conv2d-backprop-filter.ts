/**
 * Conv2DBackpropFilter, which the wasm backend lacks. The filter gradient is itself a convolution: the images, with
 * their batch as channels, are convolved with the output gradient as filter, and strides become dilations.
 */

import type { Conv2DBackpropFilterAttrs } from "@tensorflow/tfjs-core";
import { KernelScope, type Tf, WASM } from "./kernel-scope.ts";

const NAME = "Conv2DBackpropFilter";

export function registerConv2DBackpropFilter(tf: Tf): void {
  tf.registerKernel({
    kernelName: NAME,
    backendName: WASM,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, dy } = inputs;
      if (x === undefined || dy === undefined) throw new TypeError(`${NAME}: expected x and dy`);
      const { strides, pad, dimRoundingMode, filterShape, dataFormat } =
        attrs as unknown as Conv2DBackpropFilterAttrs;
      if (dataFormat === "NCHW") throw new TypeError(`${NAME}: expected dataFormat NHWC`);
      const info = tf.backend_util.computeConv2DInfo(
        x.shape as [number, number, number, number],
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const { padInfo, strideHeight, strideWidth, outHeight, outWidth } = info;
      const scope = new KernelScope(tf, backend);
      // The part that the windows reach, which may be smaller than the padded image.
      const bottom =
        reach(outHeight, strideHeight, info.filterHeight) - padInfo.top - info.inHeight;
      const right = reach(outWidth, strideWidth, info.filterWidth) - padInfo.left - info.inWidth;
      let images = scope.transpose(x, [3, 1, 2, 0]);
      if (bottom < 0 || right < 0) {
        const size = [
          info.inChannels,
          info.inHeight + Math.min(bottom, 0),
          info.inWidth + Math.min(right, 0),
          info.batchSize,
        ];
        images = scope.run("Slice", { x: images }, { begin: [0, 0, 0, 0], size });
      }
      const filter = scope.transpose(dy, [1, 2, 0, 3]);
      const gradient = scope.run(
        "Conv2D",
        { x: images, filter },
        {
          strides: 1,
          dilations: [strideHeight, strideWidth],
          pad: [
            [0, 0],
            [padInfo.top, Math.max(bottom, 0)],
            [padInfo.left, Math.max(right, 0)],
            [0, 0],
          ],
          dataFormat: "NHWC",
        },
      );
      return scope.end(scope.transpose(gradient, [1, 2, 0, 3]));
    },
  });
}

function reach(outputs: number, stride: number, window: number): number {
  return (outputs - 1) * stride + window;
}
