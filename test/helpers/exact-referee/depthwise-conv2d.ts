import type { DepthwiseConv2dLayer } from "../../../ml/model/program.ts";
import { at, type LayerReferee, type RefereeContext } from "./layer-referee.ts";
import { f } from "./math.ts";
import { biasGradient } from "./matrix.ts";
import { pixelUnder, positionsOf, windowsOver } from "./window.ts";

export function depthwiseConv2d(
  layer: DepthwiseConv2dLayer,
  context: RefereeContext,
): LayerReferee {
  const { parameters, gradients, count } = context;
  const { window: w, multiplier } = layer;
  const N = w.channels * multiplier;
  let x = new Float32Array(0);
  return {
    forward([input = x]) {
      x = input as typeof x;
      const y: number[] = [];
      for (const position of positionsOf(w, count)) {
        for (let n = 0; n < N; n++) {
          let sum = 0;
          for (let ky = 0; ky < w.windowHeight; ky++) {
            for (let kx = 0; kx < w.windowWidth; kx++) {
              const pixel = pixelUnder(w, position, ky, kx);
              if (pixel < 0) continue;
              const weight = at(parameters, layer.kernel + (ky * w.windowWidth + kx) * N + n);
              sum = f(sum + f(at(x, pixel + Math.floor(n / multiplier)) * weight));
            }
          }
          y.push(layer.bias === null ? sum : f(sum + at(parameters, layer.bias + n)));
        }
      }
      return Float32Array.from(y);
    },
    backward(d) {
      biasGradient(d, N, layer.bias, gradients);
      let from = 0;
      for (const position of positionsOf(w, count)) {
        for (let ky = 0; ky < w.windowHeight; ky++) {
          for (let kx = 0; kx < w.windowWidth; kx++) {
            const pixel = pixelUnder(w, position, ky, kx);
            if (pixel < 0) continue;
            for (let n = 0; n < N; n++) {
              const k = layer.kernel + (ky * w.windowWidth + kx) * N + n;
              const value = at(x, pixel + Math.floor(n / multiplier));
              gradients[k] = f(at(gradients, k) + f(value * at(d, from + n)));
            }
          }
        }
        from += N;
      }
      const dx = x.map((_, index) => {
        const first = (index % w.channels) * multiplier;
        let sum = 0;
        for (const { tap, position } of windowsOver(w, Math.floor(index / w.channels))) {
          for (let n = first; n < first + multiplier; n++) {
            const weight = at(parameters, layer.kernel + tap * N + n);
            sum = f(sum + f(at(d, position * N + n) * weight));
          }
        }
        return sum;
      });
      return [dx];
    },
  };
}
