/** Where the taps of a window lie on an image. */

import type { Window } from "../../../ml/model/program.ts";

export interface Position {
  readonly image: number;
  readonly y: number;
  readonly x: number;
}

/** All output positions of a batch in order. */
export function* positionsOf(w: Window, count: number): Generator<Position> {
  for (let image = 0; image < count; image++) {
    for (let y = 0; y < w.outputHeight; y++) {
      for (let x = 0; x < w.outputWidth; x++) yield { image, y, x };
    }
  }
}

/** Index of the first channel of the pixel under tap (ky, kx); -1 outside the image. */
export function pixelUnder(w: Window, { image, y, x }: Position, ky: number, kx: number): number {
  const row = y * w.strideHeight + ky * w.dilationHeight - w.padTop;
  const column = x * w.strideWidth + kx * w.dilationWidth - w.padLeft;
  if (row < 0 || row >= w.inputHeight || column < 0 || column >= w.inputWidth) return -1;
  return ((image * w.inputHeight + row) * w.inputWidth + column) * w.channels;
}

/**
 * The output positions whose windows hold a pixel, taps from last to first.
 * @param pixel over the batch
 */
export function* windowsOver(
  w: Window,
  pixel: number,
): Generator<{ readonly tap: number; readonly position: number }> {
  const column = pixel % w.inputWidth;
  const row = Math.floor(pixel / w.inputWidth) % w.inputHeight;
  const image = Math.floor(pixel / (w.inputWidth * w.inputHeight));
  for (let ky = w.windowHeight - 1; ky >= 0; ky--) {
    for (let kx = w.windowWidth - 1; kx >= 0; kx--) {
      const y = (row + w.padTop - ky * w.dilationHeight) / w.strideHeight;
      const x = (column + w.padLeft - kx * w.dilationWidth) / w.strideWidth;
      if (!Number.isInteger(y) || y < 0 || y >= w.outputHeight) continue;
      if (!Number.isInteger(x) || x < 0 || x >= w.outputWidth) continue;
      yield {
        tap: ky * w.windowWidth + kx,
        position: (image * w.outputHeight + y) * w.outputWidth + x,
      };
    }
  }
}
