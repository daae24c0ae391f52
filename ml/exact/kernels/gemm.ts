// C = A·B in float32. Every element of C is one sum over k in rising order that starts at +0:
// multiply, round, add, round. Lanes run across columns of C only, so scalar, SIMD and any tiling
// give equal bits. B lies in panels of eight columns, [panel][k][8], padded with zeros.

/** The values of the last row or column tile that do not fit are computed here and not copied. */
// @ts-expect-error: decorator
@inline
function storeRow(c: usize, low: v128, high: v128, columns: i32): void {
  if (columns >= 8) {
    v128.store(c, low);
    v128.store(c, high, 16);
    return;
  }
  if (columns >= 4) {
    v128.store(c, low);
    if (columns > 4) v128.store_lane<f32>(c, high, 0, 16);
    if (columns > 5) v128.store_lane<f32>(c, high, 1, 20);
    if (columns > 6) v128.store_lane<f32>(c, high, 2, 24);
    return;
  }
  v128.store_lane<f32>(c, low, 0);
  if (columns > 1) v128.store_lane<f32>(c, low, 1, 4);
  if (columns > 2) v128.store_lane<f32>(c, low, 2, 8);
}

/** x < 0 ? 0 : x, which keeps NaN. */
// @ts-expect-error: decorator
@inline
function activate(value: v128, relu: i32): v128 {
  return relu ? f32x4.pmax(value, f32x4.splat(0)) : value;
}

/**
 * c[i][j] = sum over k of a[i][k] · b[k][j], then + bias[j], then relu.
 * Row i of A starts at a + rowTable[i] (bytes) and is `runs` stretches of `runLength` values,
 * `jump` bytes from the end of one to the start of the next. C is row-major, `cRow` bytes a row.
 * Rows are taken in blocks of `rowBlock` (a multiple of 4): one panel of B serves a whole block.
 * @param bias address of the biases padded to whole panels, or 0
 */
export function gemm(
  rows: i32,
  columns: i32,
  rowBlock: i32,
  a: usize,
  rowTable: usize,
  runs: i32,
  runLength: i32,
  jump: usize,
  b: usize,
  bias: usize,
  relu: i32,
  c: usize,
  cRow: usize,
): void {
  if (!ASC_FEATURE_SIMD) {
    gemmScalar(rows, columns, a, rowTable, runs, runLength, jump, b, bias, relu, c, cRow);
    return;
  }
  const panelBytes: usize = <usize>(runs * runLength) << 5;
  const last: i32 = rows - 1;
  for (let block: i32 = 0; block < rows; block += rowBlock) {
    const blockEnd: i32 = min(block + rowBlock, rows);
    let panel: usize = b;
    for (let j: i32 = 0; j < columns; j += 8) {
      for (let i: i32 = block; i < blockEnd; i += 4) {
        // Rows past the end repeat the last one and are not stored.
        let p0: usize = a + <usize>load<i32>(rowTable + (<usize>i << 2));
        let p1: usize = a + <usize>load<i32>(rowTable + (<usize>min(i + 1, last) << 2));
        let p2: usize = a + <usize>load<i32>(rowTable + (<usize>min(i + 2, last) << 2));
        let p3: usize = a + <usize>load<i32>(rowTable + (<usize>min(i + 3, last) << 2));
        let s00 = f32x4.splat(0);
        let s01 = f32x4.splat(0);
        let s10 = f32x4.splat(0);
        let s11 = f32x4.splat(0);
        let s20 = f32x4.splat(0);
        let s21 = f32x4.splat(0);
        let s30 = f32x4.splat(0);
        let s31 = f32x4.splat(0);
        let q: usize = panel;
        for (let run: i32 = 0; run < runs; run++) {
          // Not unrolled: unrolling made the compiler of V8 spill the sums (34 against 53 GFLOP/s).
          for (let left: i32 = runLength; left > 0; left--) {
            const b0 = v128.load(q);
            const b1 = v128.load(q, 16);
            let x = v128.load_splat<f32>(p0);
            s00 = f32x4.add(s00, f32x4.mul(x, b0));
            s01 = f32x4.add(s01, f32x4.mul(x, b1));
            x = v128.load_splat<f32>(p1);
            s10 = f32x4.add(s10, f32x4.mul(x, b0));
            s11 = f32x4.add(s11, f32x4.mul(x, b1));
            x = v128.load_splat<f32>(p2);
            s20 = f32x4.add(s20, f32x4.mul(x, b0));
            s21 = f32x4.add(s21, f32x4.mul(x, b1));
            x = v128.load_splat<f32>(p3);
            s30 = f32x4.add(s30, f32x4.mul(x, b0));
            s31 = f32x4.add(s31, f32x4.mul(x, b1));
            p0 += 4;
            p1 += 4;
            p2 += 4;
            p3 += 4;
            q += 32;
          }
          p0 += jump;
          p1 += jump;
          p2 += jump;
          p3 += jump;
        }
        if (bias) {
          const low = v128.load(bias + (<usize>j << 2));
          const high = v128.load(bias + (<usize>j << 2), 16);
          s00 = f32x4.add(s00, low);
          s01 = f32x4.add(s01, high);
          s10 = f32x4.add(s10, low);
          s11 = f32x4.add(s11, high);
          s20 = f32x4.add(s20, low);
          s21 = f32x4.add(s21, high);
          s30 = f32x4.add(s30, low);
          s31 = f32x4.add(s31, high);
        }
        const left: i32 = columns - j;
        let to: usize = c + <usize>i * cRow + (<usize>j << 2);
        storeRow(to, activate(s00, relu), activate(s01, relu), left);
        if (i + 1 < rows) {
          to += cRow;
          storeRow(to, activate(s10, relu), activate(s11, relu), left);
        }
        if (i + 2 < rows) {
          to += cRow;
          storeRow(to, activate(s20, relu), activate(s21, relu), left);
        }
        if (i + 3 < rows) {
          to += cRow;
          storeRow(to, activate(s30, relu), activate(s31, relu), left);
        }
      }
      panel += panelBytes;
    }
  }
}

/** The same sums one by one, for runtimes without SIMD. */
function gemmScalar(
  rows: i32,
  columns: i32,
  a: usize,
  rowTable: usize,
  runs: i32,
  runLength: i32,
  jump: usize,
  b: usize,
  bias: usize,
  relu: i32,
  c: usize,
  cRow: usize,
): void {
  const panelBytes: usize = <usize>(runs * runLength) << 5;
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j++) {
      let p: usize = a + <usize>load<i32>(rowTable + (<usize>i << 2));
      let q: usize = b + <usize>(j >> 3) * panelBytes + (<usize>(j & 7) << 2);
      let sum: f32 = 0;
      for (let run: i32 = 0; run < runs; run++) {
        for (let left: i32 = runLength; left > 0; left--) {
          sum += load<f32>(p) * load<f32>(q);
          p += 4;
          q += 32;
        }
        p += jump;
      }
      if (bias) sum += load<f32>(bias + (<usize>j << 2));
      store<f32>(c + <usize>i * cRow + (<usize>j << 2), relu && sum < 0 ? 0 : sum);
    }
  }
}
