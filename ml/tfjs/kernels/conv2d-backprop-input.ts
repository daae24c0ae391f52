/**
 * Conv2DBackpropInput for the wasm backend: for stride 1 it convolves the output gradient with the rotated filter,
 * which runs on XNNPACK; other strides keep the backend's own slow loop.
 */

import type { Conv2DBackpropInputAttrs } from "@tensorflow/tfjs-core";
import { KernelScope, type Tf, WASM } from "./kernel-scope.ts";

const NAME = "Conv2DBackpropInput";

export function registerConv2DBackpropInput(tf: Tf): void {
  const original = tf.getKernel(NAME, WASM);
  tf.unregisterKernel(NAME, WASM);
  tf.registerKernel({
    ...original,
    kernelFunc: (parameters) => {
      const { inputs, attrs, backend } = parameters;
      const { dy, filter } = inputs;
      if (dy === undefined || filter === undefined) {
        throw new TypeError(`${NAME}: expected dy and filter`);
      }
      const { strides, pad, dimRoundingMode, inputShape, dataFormat } =
        attrs as unknown as Conv2DBackpropInputAttrs;
      const info = tf.backend_util.computeConv2DInfo(
        inputShape,
        filter.shape as [number, number, number, number],
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const { padInfo, filterHeight, filterWidth } = info;
      const plain = info.strideHeight === 1 && info.strideWidth === 1 && dataFormat !== "NCHW";
      const covered = padInfo.top < filterHeight && padInfo.left < filterWidth;
      if (!plain || !covered || padInfo.bottom >= filterHeight || padInfo.right >= filterWidth) {
        return original.kernelFunc(parameters);
      }
      const scope = new KernelScope(tf, backend);
      const turned = scope.run("Reverse", { x: filter }, { dims: [0, 1] });
      const gradient = scope.run(
        "Conv2D",
        { x: dy, filter: scope.transpose(turned, [0, 1, 3, 2]) },
        {
          strides: 1,
          dilations: 1,
          pad: [
            [0, 0],
            [filterHeight - 1 - padInfo.top, filterHeight - 1 - padInfo.bottom],
            [filterWidth - 1 - padInfo.left, filterWidth - 1 - padInfo.right],
            [0, 0],
          ],
          dataFormat: "NHWC",
        },
      );
      return scope.end(gradient);
    },
  });
}
