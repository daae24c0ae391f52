// Depthwise convolution: every channel is convolved with `multiplier` kernels of its own. Column
// n = channel · multiplier + m; the kernel lies in panels of eight columns, [panel][tap][8].

// @ts-expect-error: decorator
@inline
function kernelAt(kernel: usize, taps: i32, tap: i32, column: i32): usize {
  return kernel + (<usize>((column >> 3) * taps + tap) << 5) + (<usize>(column & 7) << 2);
}

/** y[position, n] = sum over the taps inside the image, row by row, then + bias[n] (0: none). */
export function depthwiseForward(
  batch: i32, x: usize, h: i32, w: i32, channels: i32, multiplier: i32,
  ph: i32, pw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, oh: i32, ow: i32,
  kernel: usize, bias: usize, y: usize,
): void {
  const columns: i32 = channels * multiplier;
  const taps: i32 = ph * pw;
  let at: usize = y;
  for (let image: i32 = 0; image < batch; image++) {
    const base: i32 = image * h * w;
    for (let oy: i32 = 0; oy < oh; oy++) {
      for (let ox: i32 = 0; ox < ow; ox++) {
        let n: i32 = 0;
        for (; ASC_FEATURE_SIMD && multiplier == 1 && n + 4 <= columns; n += 4) {
          let sum = f32x4.splat(0);
          for (let ky: i32 = 0; ky < ph; ky++) {
            const py: i32 = oy * sh - top + ky * dh;
            if (py < 0 || py >= h) continue;
            for (let kx: i32 = 0; kx < pw; kx++) {
              const px: i32 = ox * sw - left + kx * dw;
              if (px < 0 || px >= w) continue;
              const from: usize = x + (<usize>((base + py * w + px) * channels + n) << 2);
              const weights = v128.load(kernelAt(kernel, taps, ky * pw + kx, n));
              sum = f32x4.add(sum, f32x4.mul(v128.load(from), weights));
            }
          }
          if (bias) sum = f32x4.add(sum, v128.load(bias + (<usize>n << 2)));
          v128.store(at, sum);
          at += 16;
        }
        for (; n < columns; n++) {
          const c: i32 = n / multiplier;
          let sum: f32 = 0;
          for (let ky: i32 = 0; ky < ph; ky++) {
            const py: i32 = oy * sh - top + ky * dh;
            if (py < 0 || py >= h) continue;
            for (let kx: i32 = 0; kx < pw; kx++) {
              const px: i32 = ox * sw - left + kx * dw;
              if (px < 0 || px >= w) continue;
              const value: f32 = load<f32>(x + (<usize>((base + py * w + px) * channels + c) << 2));
              sum += value * load<f32>(kernelAt(kernel, taps, ky * pw + kx, n));
            }
          }
          if (bias) sum += load<f32>(bias + (<usize>n << 2));
          store<f32>(at, sum);
          at += 4;
        }
      }
    }
  }
}

/**
 * g[tap, n] = sum over samples, then positions row by row, of x · d. `size`: values of g, which holds
 * the sums while the positions pass.
 */
export function depthwiseKernelGradient(
  batch: i32, x: usize, h: i32, w: i32, channels: i32, multiplier: i32,
  ph: i32, pw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, oh: i32, ow: i32,
  g: usize, size: i32, d: usize,
): void {
  const columns: i32 = channels * multiplier;
  const taps: i32 = ph * pw;
  memory.fill(g, 0, <usize>size << 2);
  let row: usize = d;
  for (let image: i32 = 0; image < batch; image++) {
    const base: i32 = image * h * w;
    for (let oy: i32 = 0; oy < oh; oy++) {
      for (let ox: i32 = 0; ox < ow; ox++) {
        for (let ky: i32 = 0; ky < ph; ky++) {
          const py: i32 = oy * sh - top + ky * dh;
          if (py < 0 || py >= h) continue;
          for (let kx: i32 = 0; kx < pw; kx++) {
            const px: i32 = ox * sw - left + kx * dw;
            if (px < 0 || px >= w) continue;
            const from: usize = x + (<usize>((base + py * w + px) * channels) << 2);
            let n: i32 = 0;
            for (; ASC_FEATURE_SIMD && multiplier == 1 && n + 4 <= columns; n += 4) {
              const to: usize = kernelAt(g, taps, ky * pw + kx, n);
              const at: usize = <usize>n << 2;
              const product = f32x4.mul(v128.load(from + at), v128.load(row + at));
              v128.store(to, f32x4.add(v128.load(to), product));
            }
            for (; n < columns; n++) {
              const to: usize = kernelAt(g, taps, ky * pw + kx, n);
              const value: f32 = load<f32>(from + (<usize>(n / multiplier) << 2));
              store<f32>(to, load<f32>(to) + value * load<f32>(row + (<usize>n << 2)));
            }
          }
        }
        row += <usize>columns << 2;
      }
    }
  }
}

/** dx[pixel, c] = sum over the taps from last to first, then the multiplier rising, of d · w. */
export function depthwiseInputGradient(
  batch: i32, dx: usize, h: i32, w: i32, channels: i32, multiplier: i32,
  ph: i32, pw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, oh: i32, ow: i32,
  kernel: usize, d: usize,
): void {
  const columns: i32 = channels * multiplier;
  const taps: i32 = ph * pw;
  memory.fill(dx, 0, <usize>(batch * h * w * channels) << 2);
  let to: usize = dx;
  for (let image: i32 = 0; image < batch; image++) {
    for (let py: i32 = 0; py < h; py++) {
      for (let px: i32 = 0; px < w; px++) {
        for (let ky: i32 = ph - 1; ky >= 0; ky--) {
          const y: i32 = py + top - ky * dh;
          const oy: i32 = y / sh;
          if (y < 0 || oy * sh != y || oy >= oh) continue;
          for (let kx: i32 = pw - 1; kx >= 0; kx--) {
            const column: i32 = px + left - kx * dw;
            const ox: i32 = column / sw;
            if (column < 0 || ox * sw != column || ox >= ow) continue;
            const from: usize = d + (<usize>(((image * oh + oy) * ow + ox) * columns) << 2);
            let n: i32 = 0;
            for (; ASC_FEATURE_SIMD && multiplier == 1 && n + 4 <= columns; n += 4) {
              const at: usize = <usize>n << 2;
              const weights = v128.load(kernelAt(kernel, taps, ky * pw + kx, n));
              const product = f32x4.mul(v128.load(from + at), weights);
              v128.store(to + at, f32x4.add(v128.load(to + at), product));
            }
            for (; n < columns; n++) {
              const at: usize = to + (<usize>(n / multiplier) << 2);
              const weight: f32 = load<f32>(kernelAt(kernel, taps, ky * pw + kx, n));
              store<f32>(at, load<f32>(at) + load<f32>(from + (<usize>n << 2)) * weight);
            }
          }
        }
        to += <usize>channels << 2;
      }
    }
  }
}
