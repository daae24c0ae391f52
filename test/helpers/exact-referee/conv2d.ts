import type { Conv2dLayer } from "../../../ml/model/program.ts";
import { at, type LayerReferee, type RefereeContext } from "./layer-referee.ts";
import { f } from "./math.ts";
import { biasGradient } from "./matrix.ts";
import { pixelUnder, positionsOf, windowsOver } from "./window.ts";

export function conv2d(layer: Conv2dLayer, context: RefereeContext): LayerReferee {
  const { parameters, gradients, count } = context;
  const { window: w, filters: F } = layer;
  let x = new Float32Array(0);
  return {
    forward([input = x]) {
      x = input as typeof x;
      const y: number[] = [];
      for (const position of positionsOf(w, count)) {
        for (let n = 0; n < F; n++) {
          let sum = 0;
          let k = layer.kernel + n;
          for (let ky = 0; ky < w.windowHeight; ky++) {
            for (let kx = 0; kx < w.windowWidth; kx++) {
              const pixel = pixelUnder(w, position, ky, kx);
              for (let c = 0; c < w.channels; c++, k += F) {
                const value = pixel < 0 ? 0 : at(x, pixel + c);
                sum = f(sum + f(value * at(parameters, k)));
              }
            }
          }
          y.push(layer.bias === null ? sum : f(sum + at(parameters, layer.bias + n)));
        }
      }
      return Float32Array.from(y);
    },
    backward(d) {
      biasGradient(d, F, layer.bias, gradients);
      // Every sum walks images, then positions.
      let from = 0;
      for (const position of positionsOf(w, count)) {
        let k = layer.kernel;
        for (let ky = 0; ky < w.windowHeight; ky++) {
          for (let kx = 0; kx < w.windowWidth; kx++) {
            const pixel = pixelUnder(w, position, ky, kx);
            for (let c = 0; c < w.channels; c++) {
              const value = pixel < 0 ? 0 : at(x, pixel + c);
              for (let n = 0; n < F; n++, k++) {
                gradients[k] = f(at(gradients, k) + f(value * at(d, from + n)));
              }
            }
          }
        }
        from += F;
      }
      const dx = x.map((_, index) => {
        const c = index % w.channels;
        let sum = 0;
        for (const { tap, position } of windowsOver(w, Math.floor(index / w.channels))) {
          const k = layer.kernel + (tap * w.channels + c) * F;
          for (let n = 0; n < F; n++) {
            sum = f(sum + f(at(d, position * F + n) * at(parameters, k + n)));
          }
        }
        return sum;
      });
      return [dx];
    },
  };
}
