// Copies into the panel layout of `gemm`: [panel of eight columns][row][8], padded with zeros.

/** x (rows x columns, `rowBytes` from row to row) into panels of its columns. */
export function packPanels(x: usize, rowBytes: usize, rows: i32, columns: i32, out: usize): void {
  let to: usize = out;
  for (let j: i32 = 0; j < columns; j += 8) {
    let from: usize = x + (<usize>j << 2);
    const width: i32 = min(8, columns - j);
    for (let i: i32 = 0; i < rows; i++) {
      if (ASC_FEATURE_SIMD && width == 8) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
      } else {
        for (let lane: i32 = 0; lane < 8; lane++) {
          const at: usize = <usize>lane << 2;
          store<f32>(to + at, lane < width ? load<f32>(from + at) : 0);
        }
      }
      to += 32;
      from += rowBytes;
    }
  }
}

/**
 * x (rows x columns, `rowBytes` from row to row) into panels of its transpose (columns x rows).
 * @param depth rows of each panel, at least `columns`; the rest is zero
 */
export function packTransposed(
  x: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  out: usize,
): void {
  let to: usize = out;
  for (let i: i32 = 0; i < rows; i += 8) {
    const width: i32 = min(8, rows - i);
    const corner: usize = x + <usize>i * rowBytes;
    for (let j: i32 = 0; j < depth; j++) {
      let from: usize = corner + (<usize>j << 2);
      for (let lane: i32 = 0; lane < 8; lane++) {
        store<f32>(to, lane < width && j < columns ? load<f32>(from) : 0);
        to += 4;
        from += rowBytes;
      }
    }
  }
}

/**
 * The packed kernel of a convolution (taps x channels rows, filters columns) into the panels that
 * carry gradients back: row (tap from last to first, filter), column channel.
 */
export function packFlipped(
  kernel: usize,
  taps: i32,
  channels: i32,
  filters: i32,
  out: usize,
): void {
  const panelBytes: usize = <usize>(taps * channels) << 5;
  let to: usize = out;
  for (let c: i32 = 0; c < channels; c += 8) {
    const width: i32 = min(8, channels - c);
    for (let tap: i32 = taps - 1; tap >= 0; tap--) {
      const row: usize = kernel + (<usize>(tap * channels + c) << 5);
      for (let f: i32 = 0; f < filters; f++) {
        let from: usize = row + <usize>(f >> 3) * panelBytes + (<usize>(f & 7) << 2);
        for (let lane: i32 = 0; lane < 8; lane++) {
          store<f32>(to, lane < width ? load<f32>(from) : 0);
          to += 4;
          from += 32;
        }
      }
    }
  }
}

/** out (columns x rows) = transpose of x (rows x columns), both row-major. */
export function transpose(x: usize, rows: i32, columns: i32, out: usize): void {
  const inBytes: usize = <usize>columns << 2;
  const outBytes: usize = <usize>rows << 2;
  for (let i: i32 = 0; i < rows; i += 8) {
    const end: i32 = min(i + 8, rows);
    for (let j: i32 = 0; j < columns; j++) {
      let from: usize = x + <usize>i * inBytes + (<usize>j << 2);
      let to: usize = out + <usize>j * outBytes + (<usize>i << 2);
      for (let row: i32 = i; row < end; row++) {
        store<f32>(to, load<f32>(from));
        from += inBytes;
        to += 4;
      }
    }
  }
}

/** out[j] = sum over rows of x (rows x columns), rows rising from +0. */
export function sumRows(x: usize, rows: i32, columns: i32, out: usize): void {
  const rowBytes: usize = <usize>columns << 2;
  let j: i32 = 0;
  for (; ASC_FEATURE_SIMD && j + 16 <= columns; j += 16) {
    let from: usize = x + (<usize>j << 2);
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let i: i32 = 0; i < rows; i++) {
      s0 = f32x4.add(s0, v128.load(from));
      s1 = f32x4.add(s1, v128.load(from, 16));
      s2 = f32x4.add(s2, v128.load(from, 32));
      s3 = f32x4.add(s3, v128.load(from, 48));
      from += rowBytes;
    }
    const to: usize = out + (<usize>j << 2);
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
  }
  for (; j < columns; j++) {
    let from: usize = x + (<usize>j << 2);
    let sum: f32 = 0;
    for (let i: i32 = 0; i < rows; i++) {
      sum += load<f32>(from);
      from += rowBytes;
    }
    store<f32>(out + (<usize>j << 2), sum);
  }
}
