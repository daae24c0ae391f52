// Rearranges one NHWC image so that convolution becomes `gemm`: a copy with a border of zeros, whose
// windows are rows of A in place, or, for few channels, an explicit matrix of patches.

/**
 * Copies an image (h x w pixels of `channels`) into a zeroed one of outH x outW at (top, left), with
 * `stepY`, `stepX` pixels from one copied pixel to the next.
 */
export function padImage(
  x: usize,
  h: i32,
  w: i32,
  channels: i32,
  out: usize,
  outH: i32,
  outW: i32,
  top: i32,
  left: i32,
  stepY: i32,
  stepX: i32,
): void {
  const pixel: usize = <usize>channels << 2;
  memory.fill(out, 0, <usize>(outH * outW) * pixel);
  let from: usize = x;
  for (let y: i32 = 0; y < h; y++) {
    let to: usize = out + <usize>((top + y * stepY) * outW + left) * pixel;
    if (stepX == 1) {
      memory.copy(to, from, <usize>w * pixel);
      from += <usize>w * pixel;
      continue;
    }
    for (let column: i32 = 0; column < w; column++) {
      memory.copy(to, from, pixel);
      from += pixel;
      to += <usize>stepX * pixel;
    }
  }
}

/**
 * Rows of windowH x windowW x channels values, one for each of `positions` windows whose corners are
 * at x + cornerTable[i] in a padded image of `imageW` pixels a row, their taps `stepY`, `stepX` pixels
 * apart; `rowLength` values a row, the rest of it is zero.
 */
export function patches(
  x: usize,
  cornerTable: usize,
  positions: i32,
  imageW: i32,
  channels: i32,
  windowH: i32,
  windowW: i32,
  stepY: i32,
  stepX: i32,
  rowLength: i32,
  out: usize,
): void {
  // Taps side by side are one run.
  const runs: i32 = stepX == 1 ? 1 : windowW;
  const run: i32 = stepX == 1 ? windowW * channels : channels;
  const tapBytes: usize = <usize>(stepX * channels) << 2;
  const rowBytes: usize = <usize>(stepY * imageW * channels) << 2;
  const spare: i32 = rowLength - windowH * windowW * channels;
  let to: usize = out;
  for (let position: i32 = 0; position < positions; position++) {
    let corner: usize = x + <usize>load<i32>(cornerTable + (<usize>position << 2));
    for (let y: i32 = 0; y < windowH; y++) {
      let tap: usize = corner;
      for (let i: i32 = 0; i < runs; i++) {
        for (let value: i32 = 0; value < run; value++) {
          store<f32>(to, load<f32>(tap + (<usize>value << 2)));
          to += 4;
        }
        tap += tapBytes;
      }
      corner += rowBytes;
    }
    for (let value: i32 = 0; value < spare; value++) {
      store<f32>(to, 0);
      to += 4;
    }
  }
}
