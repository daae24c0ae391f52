// Gradient of a kernel by its outputs: G[k][j] = sum over terms t of a[t][k] · d[t][j], t rising.
// A term is a sample (dense) or a position of one image (conv2d). G lies in panels like the kernel
// itself, [panel][k][8], so that the optimizer walks both in the same order.

/**
 * Row t of A starts at a + termTable[t] (bytes) and is `runs` stretches of `runLength` values,
 * `jump` bytes between them; with more than one run, runLength is a multiple of 4.
 * @param d panels of the output gradient, [panel][terms][8]
 * @param accumulate 0: sums start at +0; 1: at what G holds (sums go on over images)
 */
export function kernelGradient(
  terms: i32,
  columns: i32,
  a: usize,
  termTable: usize,
  runs: i32,
  runLength: i32,
  jump: usize,
  d: usize,
  g: usize,
  accumulate: i32,
): void {
  if (!ASC_FEATURE_SIMD) {
    kernelGradientScalar(terms, columns, a, termTable, runs, runLength, jump, d, g, accumulate);
    return;
  }
  const tableEnd: usize = termTable + (<usize>terms << 2);
  const panelBytes: usize = <usize>terms << 5;
  let panel: usize = d;
  let to: usize = g;
  for (let j: i32 = 0; j < columns; j += 8) {
    let from: usize = a;
    for (let run: i32 = 0; run < runs; run++) {
      for (let k: i32 = 0; k < runLength; k += 4) {
        const left: i32 = runLength - k;
        let s00 = f32x4.splat(0);
        let s01 = f32x4.splat(0);
        let s10 = f32x4.splat(0);
        let s11 = f32x4.splat(0);
        let s20 = f32x4.splat(0);
        let s21 = f32x4.splat(0);
        let s30 = f32x4.splat(0);
        let s31 = f32x4.splat(0);
        if (accumulate) {
          // Rows past the end belong to the next panel; they are read but never written.
          s00 = v128.load(to);
          s01 = v128.load(to, 16);
          s10 = v128.load(to, 32);
          s11 = v128.load(to, 48);
          s20 = v128.load(to, 64);
          s21 = v128.load(to, 80);
          s30 = v128.load(to, 96);
          s31 = v128.load(to, 112);
        }
        let q: usize = panel;
        for (let term: usize = termTable; term < tableEnd; term += 4) {
          const p: usize = from + <usize>load<i32>(term);
          const d0 = v128.load(q);
          const d1 = v128.load(q, 16);
          let x = v128.load_splat<f32>(p);
          s00 = f32x4.add(s00, f32x4.mul(x, d0));
          s01 = f32x4.add(s01, f32x4.mul(x, d1));
          x = v128.load_splat<f32>(p, 4);
          s10 = f32x4.add(s10, f32x4.mul(x, d0));
          s11 = f32x4.add(s11, f32x4.mul(x, d1));
          x = v128.load_splat<f32>(p, 8);
          s20 = f32x4.add(s20, f32x4.mul(x, d0));
          s21 = f32x4.add(s21, f32x4.mul(x, d1));
          x = v128.load_splat<f32>(p, 12);
          s30 = f32x4.add(s30, f32x4.mul(x, d0));
          s31 = f32x4.add(s31, f32x4.mul(x, d1));
          q += 32;
        }
        v128.store(to, s00);
        v128.store(to, s01, 16);
        if (left > 1) {
          v128.store(to, s10, 32);
          v128.store(to, s11, 48);
        }
        if (left > 2) {
          v128.store(to, s20, 64);
          v128.store(to, s21, 80);
        }
        if (left > 3) {
          v128.store(to, s30, 96);
          v128.store(to, s31, 112);
        }
        to += <usize>min(left, 4) << 5;
        from += <usize>min(left, 4) << 2;
      }
      from += jump;
    }
    panel += panelBytes;
  }
}

/** The same sums one by one, for runtimes without SIMD. */
function kernelGradientScalar(
  terms: i32,
  columns: i32,
  a: usize,
  termTable: usize,
  runs: i32,
  runLength: i32,
  jump: usize,
  d: usize,
  g: usize,
  accumulate: i32,
): void {
  const runBytes: usize = (<usize>runLength << 2) + jump;
  let to: usize = g;
  for (let j: i32 = 0; j < columns; j += 8) {
    const panel: usize = d + (<usize>terms << 2) * <usize>j;
    for (let run: i32 = 0; run < runs; run++) {
      for (let k: i32 = 0; k < runLength; k++) {
        const from: usize = a + <usize>run * runBytes + (<usize>k << 2);
        for (let lane: usize = 0; lane < 32; lane += 4) {
          let sum: f32 = accumulate ? load<f32>(to) : 0;
          let q: usize = panel + lane;
          for (let t: i32 = 0; t < terms; t++) {
            sum += load<f32>(from + <usize>load<i32>(termTable + (<usize>t << 2))) * load<f32>(q);
            q += 32;
          }
          store<f32>(to, sum);
          to += 4;
        }
      }
    }
  }
}
