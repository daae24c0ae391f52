import type { PoolLayer } from "../../../ml/model/program.ts";
import { at, type LayerReferee, type RefereeContext } from "./layer-referee.ts";
import { f } from "./math.ts";
import { type Position, pixelUnder, positionsOf } from "./window.ts";

export function maxPool(layer: PoolLayer, context: RefereeContext): LayerReferee {
  const winners: number[] = [];
  let x = new Float32Array(0);
  return {
    forward([input = x]) {
      x = input as typeof x;
      for (const position of positionsOf(layer.window, context.count)) {
        for (let c = 0; c < layer.window.channels; c++) {
          const inside = pixelsOf(layer, position).map((pixel) => pixel + c);
          winners.push(inside.reduce((best, pixel) => (at(x, pixel) > at(x, best) ? pixel : best)));
        }
      }
      return Float32Array.from(winners, (winner) => at(x, winner));
    },
    backward(d) {
      const dx = new Float32Array(x.length);
      winners.forEach((winner, index) => {
        dx[winner] = f(at(dx, winner) + at(d, index));
      });
      return [dx];
    },
  };
}

export function averagePool(layer: PoolLayer, context: RefereeContext): LayerReferee {
  const { channels } = layer.window;
  let size = 0;
  return {
    forward([x = new Float32Array(0)]) {
      size = x.length;
      const y: number[] = [];
      for (const position of positionsOf(layer.window, context.count)) {
        const inside = pixelsOf(layer, position);
        for (let c = 0; c < channels; c++) {
          const sum = inside.reduce((total, pixel) => f(total + at(x, pixel + c)), 0);
          y.push(f(sum / inside.length));
        }
      }
      return Float32Array.from(y);
    },
    backward(d) {
      const dx = new Float32Array(size);
      let from = 0;
      for (const position of positionsOf(layer.window, context.count)) {
        const inside = pixelsOf(layer, position);
        for (let c = 0; c < channels; c++) {
          const share = f(at(d, from++) / inside.length);
          for (const pixel of inside) dx[pixel + c] = f(at(dx, pixel + c) + share);
        }
      }
      return [dx];
    },
  };
}

/** The pixels of a window inside the image, row by row. */
function pixelsOf({ window }: PoolLayer, position: Position): number[] {
  const pixels: number[] = [];
  for (let ky = 0; ky < window.windowHeight; ky++) {
    for (let kx = 0; kx < window.windowWidth; kx++) {
      const pixel = pixelUnder(window, position, ky, kx);
      if (pixel >= 0) pixels.push(pixel);
    }
  }
  return pixels;
}
