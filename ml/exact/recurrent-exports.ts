/**
 * The recurrent kernels, described in `kernels/recurrent.ts`: `rows` samples of `units`, activations by
 * number, strides in bytes from sample to sample.
 */

export interface RecurrentKernels {
  simpleCell(
    rows: number,
    units: number,
    activation: number,
    z: number,
    zStride: number,
    inner: number,
    h: number,
    hStride: number,
  ): void;
  simpleCellBackward(
    rows: number,
    units: number,
    activation: number,
    h: number,
    hStride: number,
    d: number,
    dStride: number,
    carry: number,
    dz: number,
    zStride: number,
  ): void;
  lstmCell(
    rows: number,
    units: number,
    activation: number,
    gate: number,
    z: number,
    zStride: number,
    inner: number,
    h: number,
    c: number,
    hStride: number,
  ): void;
  lstmCellBackward(
    rows: number,
    units: number,
    activation: number,
    gate: number,
    z: number,
    zStride: number,
    c: number,
    hStride: number,
    d: number,
    dStride: number,
    carry: number,
    cellCarry: number,
    dz: number,
  ): void;
  gruGates(
    rows: number,
    units: number,
    gate: number,
    z: number,
    zStride: number,
    inner: number,
    h: number,
    hStride: number,
    q: number,
    qStride: number,
  ): void;
  gruState(
    rows: number,
    units: number,
    activation: number,
    z: number,
    zStride: number,
    inner: number,
    h: number,
    hStride: number,
  ): void;
  gruStateBackward(
    rows: number,
    units: number,
    activation: number,
    gate: number,
    z: number,
    zStride: number,
    h: number,
    hStride: number,
    d: number,
    dStride: number,
    carry: number,
    dz: number,
  ): void;
  gruGatesBackward(
    rows: number,
    units: number,
    gate: number,
    z: number,
    zStride: number,
    h: number,
    hStride: number,
    dq: number,
    carry: number,
    dz: number,
  ): void;
}
