// One time step of the recurrent cells for all samples. z holds x·K + bias of every gate and receives
// the gates themselves; r is h·R of this step, dense, or of the backward pass the carried gradient.
// Pointers come with the bytes from sample to sample: states and gates of a sample are `steps` apart.

import { activateValue, slopeAt } from "./activation";

// @ts-expect-error: decorator
@inline
function f(address: usize, index: i32): f32 {
  return load<f32>(address + (<usize>index << 2));
}

// @ts-expect-error: decorator
@inline
function put(address: usize, index: i32, value: f32): void {
  store<f32>(address + (<usize>index << 2), value);
}

/** h = act(z + r). */
export function simpleCell(
  rows: i32, units: i32, act: i32,
  z: usize, zStride: usize, r: usize, h: usize, hStride: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let i: usize = 0; i < <usize>rows; i++) {
    for (let u: i32 = 0; u < units; u++) {
      put(h + i * hStride, u, activateValue(act, 0, f(z + i * zStride, u) + f(r + i * n, u)));
    }
  }
}

/** dz = dh · act'(h), dh = (d of this step, 0: none) + carried. */
export function simpleCellBackward(
  rows: i32, units: i32, act: i32,
  h: usize, hStride: usize, d: usize, dStride: usize, carry: usize, dz: usize, zStride: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let i: usize = 0; i < <usize>rows; i++) {
    for (let u: i32 = 0; u < units; u++) {
      let dh: f32 = f(carry + i * n, u);
      if (d) dh = f(d + i * dStride, u) + dh;
      put(dz + i * zStride, u, dh * slopeAt(act, 0, f(h + i * hStride, u)));
    }
  }
}

/** Gates i, f, g, o: c = f · c[-1] + i · g; h = o · act(c). */
export function lstmCell(
  rows: i32, units: i32, act: i32, gate: i32,
  z: usize, zStride: usize, r: usize, h: usize, c: usize, hStride: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let s: usize = 0; s < <usize>rows; s++) {
    const zs: usize = z + s * zStride;
    const rs: usize = r + s * n * 4;
    const cs: usize = c + s * hStride;
    for (let u: i32 = 0; u < units; u++) {
      const i: f32 = activateValue(gate, 0, f(zs, u) + f(rs, u));
      const k: f32 = activateValue(gate, 0, f(zs + n, u) + f(rs + n, u));
      const g: f32 = activateValue(act, 0, f(zs + n * 2, u) + f(rs + n * 2, u));
      const o: f32 = activateValue(gate, 0, f(zs + n * 3, u) + f(rs + n * 3, u));
      const state: f32 = k * f(cs, u) + i * g;
      put(zs, u, i);
      put(zs + n, u, k);
      put(zs + n * 2, u, g);
      put(zs + n * 3, u, o);
      put(cs + n, u, state);
      put(h + s * hStride, u, o * activateValue(act, 0, state));
    }
  }
}

/** `c`: the states before this step, the states after it lie `units` values on. */
export function lstmCellBackward(
  rows: i32, units: i32, act: i32, gate: i32,
  z: usize, zStride: usize, c: usize, hStride: usize,
  d: usize, dStride: usize, carry: usize, carryC: usize, dz: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let s: usize = 0; s < <usize>rows; s++) {
    const zs: usize = z + s * zStride;
    const to: usize = dz + s * zStride;
    const cs: usize = c + s * hStride;
    for (let u: i32 = 0; u < units; u++) {
      const i: f32 = f(zs, u);
      const k: f32 = f(zs + n, u);
      const g: f32 = f(zs + n * 2, u);
      const o: f32 = f(zs + n * 3, u);
      let dh: f32 = f(carry + s * n, u);
      if (d) dh = f(d + s * dStride, u) + dh;
      const t: f32 = activateValue(act, 0, f(cs + n, u));
      const dc: f32 = f(carryC + s * n, u) + dh * o * slopeAt(act, 0, t);
      put(to, u, dc * g * slopeAt(gate, 0, i));
      put(to + n, u, dc * f(cs, u) * slopeAt(gate, 0, k));
      put(to + n * 2, u, dc * i * slopeAt(act, 0, g));
      put(to + n * 3, u, dh * t * slopeAt(gate, 0, o));
      put(carryC + s * n, u, dc * k);
    }
  }
}

/** Gates z and r, and q = r · h[-1], from r = h[-1] · (first two thirds of R). */
export function gruGates(
  rows: i32, units: i32, gate: i32,
  z: usize, zStride: usize, r: usize, h: usize, hStride: usize, q: usize, qStride: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let s: usize = 0; s < <usize>rows; s++) {
    const zs: usize = z + s * zStride;
    const rs: usize = r + s * n * 2;
    for (let u: i32 = 0; u < units; u++) {
      const reset: f32 = activateValue(gate, 0, f(zs + n, u) + f(rs + n, u));
      put(zs, u, activateValue(gate, 0, f(zs, u) + f(rs, u)));
      put(zs + n, u, reset);
      put(q + s * qStride, u, reset * f(h + s * hStride, u));
    }
  }
}

/** g = act(z[2] + r), r = q · (last third of R); h = z · h[-1] + (1 - z) · g. */
export function gruState(
  rows: i32, units: i32, act: i32,
  z: usize, zStride: usize, r: usize, h: usize, hStride: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let s: usize = 0; s < <usize>rows; s++) {
    const zs: usize = z + s * zStride;
    const hs: usize = h + s * hStride;
    for (let u: i32 = 0; u < units; u++) {
      const update: f32 = f(zs, u);
      const g: f32 = activateValue(act, 0, f(zs + n * 2, u) + f(r + s * n, u));
      put(zs + n * 2, u, g);
      put(hs + n, u, update * f(hs, u) + (1 - update) * g);
    }
  }
}

/** dz of the update gate and of g; carry becomes dh · z. */
export function gruStateBackward(
  rows: i32, units: i32, act: i32, gate: i32,
  z: usize, zStride: usize, h: usize, hStride: usize,
  d: usize, dStride: usize, carry: usize, dz: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let s: usize = 0; s < <usize>rows; s++) {
    const zs: usize = z + s * zStride;
    const to: usize = dz + s * zStride;
    for (let u: i32 = 0; u < units; u++) {
      const update: f32 = f(zs, u);
      const g: f32 = f(zs + n * 2, u);
      let dh: f32 = f(carry + s * n, u);
      if (d) dh = f(d + s * dStride, u) + dh;
      put(to, u, dh * (f(h + s * hStride, u) - g) * slopeAt(gate, 0, update));
      put(to + n * 2, u, dh * (1 - update) * slopeAt(act, 0, g));
      put(carry + s * n, u, dh * update);
    }
  }
}

/** dz of the reset gate from dq, the gradient of q; carry = carry + dq · r. */
export function gruGatesBackward(
  rows: i32, units: i32, gate: i32,
  z: usize, zStride: usize, h: usize, hStride: usize, dq: usize, carry: usize, dz: usize,
): void {
  const n: usize = <usize>units << 2;
  for (let s: usize = 0; s < <usize>rows; s++) {
    const zs: usize = z + s * zStride;
    for (let u: i32 = 0; u < units; u++) {
      const reset: f32 = f(zs + n, u);
      const slope: f32 = slopeAt(gate, 0, reset);
      put(dz + s * zStride + n, u, f(dq + s * n, u) * f(h + s * hStride, u) * slope);
      put(carry + s * n, u, f(carry + s * n, u) + f(dq + s * n, u) * reset);
    }
  }
}
