import type { RecurrentLayer } from "../../../ml/model/program.ts";
import { activate, slope } from "./activation.ts";
import { at, type LayerReferee, type RefereeContext } from "./layer-referee.ts";
import { f } from "./math.ts";
import { biasGradient, inputGradient, matrix, product, weightGradient } from "./matrix.ts";

/** What the steps of one run leave behind; every array is samples x width of one step. */
interface StepTape {
  /** Gates after their activations, in kernel order. */
  readonly gates: Float32Array;
  readonly before: Float32Array;
  readonly after: Float32Array;
  readonly cellBefore: Float32Array;
  readonly cellAfter: Float32Array;
  /** r · h[-1] of a GRU. */
  readonly reset: Float32Array;
}

const GATES = { simpleRnn: 1, gru: 3, lstm: 4 } as const;

export function recurrent(layer: RecurrentLayer, context: RefereeContext): LayerReferee {
  const { kind, steps, units: U, inputSize, sequences } = layer;
  const { parameters, gradients, count } = context;
  const G = GATES[kind];
  const kernel = matrix(layer.kernel, inputSize, G * U);
  const gateColumns = kind === "gru" ? 2 * U : G * U;
  const gateKernel = matrix(layer.recurrentKernel, U, gateColumns, G * U);
  const stateKernel = matrix(layer.recurrentKernel + 2 * U, U, U, 3 * U);
  const act = (x: number): number => activate(layer.activation, x);
  const gate = (x: number): number => activate(layer.recurrentActivation, x);
  const actSlope = (y: number): number => slope(layer.activation, 0, y);
  const gateSlope = (y: number): number => slope(layer.recurrentActivation, 0, y);
  const tapes: StepTape[] = [];
  let x = new Float32Array(0);

  const forwardStep = (z: Float32Array, t: number, last: StepTape | undefined): StepTape => {
    const before = last?.after ?? new Float32Array(count * U);
    const cellBefore = last?.cellAfter ?? new Float32Array(count * U);
    const after = new Float32Array(count * U);
    const cellAfter = new Float32Array(count * U);
    const reset = new Float32Array(count * U);
    const gates = new Float32Array(count * G * U);
    const inner = product(before, gateKernel, parameters);
    const each = (visit: (s: number, u: number, sum: (g: number) => number) => void): void => {
      for (let i = 0; i < count * U; i++) {
        const [s, u] = [Math.floor(i / U), i % U];
        visit(i, s * G * U + u, (g) =>
          f(at(z, (s * steps + t) * G * U + g * U + u) + at(inner, s * gateColumns + g * U + u)),
        );
      }
    };
    if (kind === "simpleRnn") {
      each((i, _, sum) => {
        after[i] = act(sum(0));
      });
    } else if (kind === "lstm") {
      each((i, g0, sum) => {
        const [a, k, g, o] = [gate(sum(0)), gate(sum(1)), act(sum(2)), gate(sum(3))];
        [a, k, g, o].forEach((value, index) => {
          gates[g0 + index * U] = value;
        });
        const c = f(f(k * at(cellBefore, i)) + f(a * g));
        cellAfter[i] = c;
        after[i] = f(o * act(c));
      });
    } else {
      each((i, g0, sum) => {
        gates[g0] = gate(sum(0));
        gates[g0 + U] = gate(sum(1));
        reset[i] = f(at(gates, g0 + U) * at(before, i));
      });
      const own = product(reset, stateKernel, parameters);
      for (let i = 0; i < count * U; i++) {
        const [s, u] = [Math.floor(i / U), i % U];
        const g0 = s * 3 * U + u;
        const g = act(f(at(z, (s * steps + t) * 3 * U + 2 * U + u) + at(own, i)));
        gates[g0 + 2 * U] = g;
        const update = at(gates, g0);
        after[i] = f(f(update * at(before, i)) + f(f(1 - update) * g));
      }
    }
    return { gates, before, after, cellBefore, cellAfter, reset };
  };

  return {
    forward([input = x]) {
      x = input as typeof x;
      const z = product(x, kernel, parameters, layer.bias);
      for (let t = 0; t < steps; t++) tapes.push(forwardStep(z, t, tapes.at(-1)));
      if (!sequences) return tapes.at(-1)?.after ?? x;
      const y = new Float32Array(count * steps * U);
      tapes.forEach(({ after }, t) => {
        for (let s = 0; s < count; s++) {
          y.set(after.subarray(s * U, (s + 1) * U), (s * steps + t) * U);
        }
      });
      return y;
    },

    backward(d) {
      const dz = new Float32Array(count * steps * G * U);
      let carry = new Float32Array(count * U);
      let cellCarry = new Float32Array(count * U);
      for (let t = steps - 1; t >= 0; t--) {
        const { gates, before, after, cellBefore, cellAfter } = tapes[t] as StepTape;
        const own = new Float32Array(count * G * U);
        const dhs = carry.map((value, i) => {
          const [s, u] = [Math.floor(i / U), i % U];
          if (sequences) return f(at(d, (s * steps + t) * U + u) + value);
          return t === steps - 1 ? f(at(d, i) + value) : value;
        });
        const next = new Float32Array(count * U);
        const nextCell = new Float32Array(count * U);
        for (let i = 0; i < count * U; i++) {
          const g0 = Math.floor(i / U) * G * U + (i % U);
          const dh = at(dhs, i);
          if (kind === "simpleRnn") own[g0] = f(dh * actSlope(at(after, i)));
          else if (kind === "lstm") {
            const [a, k, g, o] = [0, 1, 2, 3].map((index) => at(gates, g0 + index * U));
            const tail = act(at(cellAfter, i));
            const dc = f(at(cellCarry, i) + f(f(dh * (o ?? 0)) * actSlope(tail)));
            own[g0] = f(f(dc * (g ?? 0)) * gateSlope(a ?? 0));
            own[g0 + U] = f(f(dc * at(cellBefore, i)) * gateSlope(k ?? 0));
            own[g0 + 2 * U] = f(f(dc * (a ?? 0)) * actSlope(g ?? 0));
            own[g0 + 3 * U] = f(f(dh * tail) * gateSlope(o ?? 0));
            nextCell[i] = f(dc * (k ?? 0));
          } else {
            const update = at(gates, g0);
            const g = at(gates, g0 + 2 * U);
            own[g0] = f(f(dh * f(at(before, i) - g)) * gateSlope(update));
            own[g0 + 2 * U] = f(f(dh * f(1 - update)) * actSlope(g));
            next[i] = f(dh * update);
          }
        }
        if (kind === "gru") {
          const dState = columnsOf(own, 2 * U, U, 3 * U);
          const dReset = inputGradient(dState, stateKernel, parameters);
          for (let i = 0; i < count * U; i++) {
            const g1 = Math.floor(i / U) * 3 * U + U + (i % U);
            const r = at(gates, g1);
            own[g1] = f(f(at(dReset, i) * at(before, i)) * gateSlope(r));
            next[i] = f(at(next, i) + f(at(dReset, i) * r));
          }
        }
        const back = inputGradient(columnsOf(own, 0, gateColumns, G * U), gateKernel, parameters);
        carry = kind === "gru" ? next.map((value, i) => f(value + at(back, i))) : back.slice();
        cellCarry = nextCell;
        for (let s = 0; s < count; s++) {
          dz.set(own.subarray(s * G * U, (s + 1) * G * U), (s * steps + t) * G * U);
        }
      }
      weightGradient(x, dz, kernel, gradients);
      biasGradient(dz, G * U, layer.bias, gradients);
      const dGates = columnsOf(dz, 0, gateColumns, G * U);
      weightGradient(gather(tapes, "before", U), dGates, gateKernel, gradients);
      if (kind === "gru") {
        const dState = columnsOf(dz, 2 * U, U, 3 * U);
        weightGradient(gather(tapes, "reset", U), dState, stateKernel, gradients);
      }
      return [inputGradient(dz, kernel, parameters)];
    },
  };
}

/** Columns of a row-major matrix of rows of `stride` values. */
function columnsOf(
  values: Float32Array,
  first: number,
  columns: number,
  stride: number,
): Float32Array {
  return values.filter((_, i) => i % stride >= first && i % stride < first + columns);
}

/** One field of all steps, sample after sample. */
function gather(
  tapes: readonly StepTape[],
  field: "before" | "reset",
  units: number,
): Float32Array {
  const rows: number[] = [];
  const samples = (tapes[0]?.[field].length ?? 0) / units;
  for (let s = 0; s < samples; s++) {
    for (const tape of tapes) rows.push(...tape[field].subarray(s * units, (s + 1) * units));
  }
  return Float32Array.from(rows);
}
