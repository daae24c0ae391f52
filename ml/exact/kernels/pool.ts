// Max and average pooling (NHWC), only over the part of a window that lies inside the image. The first
// maximum in row-major window order wins a tie, and its position is kept for the backward pass.

export function maxPoolForward(
  batch: i32, x: usize, h: i32, w: i32, channels: i32,
  ph: i32, pw: i32, sh: i32, sw: i32, top: i32, left: i32, oh: i32, ow: i32,
  y: usize, winners: usize,
): void {
  let at: usize = 0;
  for (let image: i32 = 0; image < batch; image++) {
    const base: i32 = image * h * w * channels;
    for (let oy: i32 = 0; oy < oh; oy++) {
      const y0: i32 = max(0, oy * sh - top);
      const y1: i32 = min(h, oy * sh - top + ph);
      for (let ox: i32 = 0; ox < ow; ox++) {
        const x0: i32 = max(0, ox * sw - left);
        const x1: i32 = min(w, ox * sw - left + pw);
        const corner: i32 = base + (y0 * w + x0) * channels;
        let c: i32 = 0;
        for (; ASC_FEATURE_SIMD && c + 4 <= channels; c += 4) {
          let best = v128.load(x + (<usize>(corner + c) << 2));
          let index = i32x4.splat(corner + c);
          for (let py: i32 = y0; py < y1; py++) {
            for (let px: i32 = x0; px < x1; px++) {
              const from: i32 = base + (py * w + px) * channels + c;
              const value = v128.load(x + (<usize>from << 2));
              const above = f32x4.gt(value, best);
              best = v128.bitselect(value, best, above);
              index = v128.bitselect(i32x4.splat(from), index, above);
            }
          }
          v128.store(y + at, best);
          v128.store(winners + at, i32x4.add(index, i32x4(0, 1, 2, 3)));
          at += 16;
        }
        for (; c < channels; c++) {
          let index: i32 = corner + c;
          let best: f32 = load<f32>(x + (<usize>index << 2));
          for (let py: i32 = y0; py < y1; py++) {
            for (let px: i32 = x0; px < x1; px++) {
              const from: i32 = base + (py * w + px) * channels + c;
              const value: f32 = load<f32>(x + (<usize>from << 2));
              if (value > best) {
                best = value;
                index = from;
              }
            }
          }
          store<f32>(y + at, best);
          store<i32>(winners + at, index);
          at += 4;
        }
      }
    }
  }
}

export function maxPoolBackward(
  dy: usize,
  winners: usize,
  outputs: i32,
  dx: usize,
  inputs: i32,
): void {
  memory.fill(dx, 0, <usize>inputs << 2);
  for (let i: i32 = 0; i < outputs; i++) {
    const at: usize = <usize>i << 2;
    const to: usize = dx + (<usize>load<i32>(winners + at) << 2);
    store<f32>(to, load<f32>(to) + load<f32>(dy + at));
  }
}

/** The sum over the window, row by row, divided by the number of its pixels inside the image. */
export function averagePoolForward(
  batch: i32, x: usize, h: i32, w: i32, channels: i32,
  ph: i32, pw: i32, sh: i32, sw: i32, top: i32, left: i32, oh: i32, ow: i32,
  y: usize,
): void {
  let at: usize = y;
  for (let image: i32 = 0; image < batch; image++) {
    const base: i32 = image * h * w * channels;
    for (let oy: i32 = 0; oy < oh; oy++) {
      const y0: i32 = max(0, oy * sh - top);
      const y1: i32 = min(h, oy * sh - top + ph);
      for (let ox: i32 = 0; ox < ow; ox++) {
        const x0: i32 = max(0, ox * sw - left);
        const x1: i32 = min(w, ox * sw - left + pw);
        const pixels: f32 = <f32>((y1 - y0) * (x1 - x0));
        for (let c: i32 = 0; c < channels; c++) {
          let sum: f32 = 0;
          for (let py: i32 = y0; py < y1; py++) {
            let from: usize = x + (<usize>(base + (py * w + x0) * channels + c) << 2);
            for (let px: i32 = x0; px < x1; px++) {
              sum += load<f32>(from);
              from += <usize>channels << 2;
            }
          }
          store<f32>(at, sum / pixels);
          at += 4;
        }
      }
    }
  }
}

/** Every pixel of a window receives d / pixels; windows are added in output order. */
export function averagePoolBackward(
  batch: i32, dx: usize, h: i32, w: i32, channels: i32,
  ph: i32, pw: i32, sh: i32, sw: i32, top: i32, left: i32, oh: i32, ow: i32,
  dy: usize,
): void {
  memory.fill(dx, 0, <usize>(batch * h * w * channels) << 2);
  let at: usize = dy;
  for (let image: i32 = 0; image < batch; image++) {
    const base: i32 = image * h * w * channels;
    for (let oy: i32 = 0; oy < oh; oy++) {
      const y0: i32 = max(0, oy * sh - top);
      const y1: i32 = min(h, oy * sh - top + ph);
      for (let ox: i32 = 0; ox < ow; ox++) {
        const x0: i32 = max(0, ox * sw - left);
        const x1: i32 = min(w, ox * sw - left + pw);
        const pixels: f32 = <f32>((y1 - y0) * (x1 - x0));
        for (let c: i32 = 0; c < channels; c++) {
          const share: f32 = load<f32>(at) / pixels;
          at += 4;
          for (let py: i32 = y0; py < y1; py++) {
            let to: usize = dx + (<usize>(base + (py * w + x0) * channels + c) << 2);
            for (let px: i32 = x0; px < x1; px++) {
              store<f32>(to, load<f32>(to) + share);
              to += <usize>channels << 2;
            }
          }
        }
      }
    }
  }
}
