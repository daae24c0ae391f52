/** One step of each recurrent cell, forward and backward, over the memory of its layer. */
import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernel-exports.ts";
import { WeightProduct } from "../weight-product.ts";
import type { LinkContext } from "./layer-plan.ts";

/** What a cell works with. Byte offsets; all strides in bytes from sample to sample. */
export interface RecurrentMemory {
  readonly units: number;
  readonly steps: number;
  readonly activation: number;
  readonly recurrentActivation: number;
  /** Gates of every sample and step. */
  readonly gates: number;
  readonly gateStride: number;
  /** States of every sample, beginning with the one before the first step. */
  readonly states: number;
  readonly stateStride: number;
  /** Offsets of the samples' states from their first, and of all states but the last. */
  readonly stateRows: number;
  readonly allStateRows: number;
  /** Gradient that is carried back to the previous state. */
  readonly carry: number;
  readonly zeros: number;
  readonly batchSize: number;
  /** Packed offset of the columns from `first` on of the recurrent kernel. */
  recurrent(first: number): { readonly value: number; readonly gradient: number };
}

/** @param dOutput byte offset of the gradient of this step's output (0: none), `stride` bytes from sample to sample */
export type CellBackward = (step: number, samples: number, dOutput: number, stride: number) => void;

export interface Cell {
  readonly scratch: number;
  forward(context: LinkContext): (step: number, samples: number) => void;
  /** Clears what the backward pass carries besides the gradient of the state. */
  start(kernels: Kernels, samples: number): void;
  backward(context: LinkContext): CellBackward;
  /** Of the recurrent kernel, after the backward pass of all steps. */
  weightGradients(context: LinkContext, rows: number): void;
}

/** h = act(x·K + b + h[-1]·R). */
export function simpleCell(arena: Arena, memory: RecurrentMemory): Cell {
  const { units, gates, gateStride, states, stateStride, activation, carry } = memory;
  const product = recurrentProduct(arena, memory, units);
  const kernel = memory.recurrent(0);
  const inner = arena.reserve(memory.batchSize * units);
  const bytes = units * 4;
  return {
    scratch: product.scratch,
    start: () => undefined,
    forward:
      ({ kernels }) =>
      (step, samples) => {
        const state = states + step * bytes;
        const rows = { count: samples, at: state, table: memory.stateRows };
        product.forward(kernels, rows, kernel.value, {}, inner);
        const z = gates + step * bytes;
        const next = state + bytes;
        kernels.simpleCell(samples, units, activation, z, gateStride, inner, next, stateStride);
      },
    backward: (context) => (step, samples, dOutput, stride) => {
      const z = gates + step * bytes;
      context.kernels.simpleCellBackward(
        samples,
        units,
        activation,
        states + (step + 1) * bytes,
        stateStride,
        dOutput,
        stride,
        carry,
        z,
        gateStride,
      );
      const d = { at: z, rowBytes: gateStride };
      product.inputGradient(context, samples, kernel.value, d, carry);
    },
    weightGradients: (context, count) => {
      const rows = { count, at: states, table: memory.allStateRows };
      product.weightGradient(context, rows, { at: gates, rowBytes: bytes }, kernel.gradient);
    },
  };
}

export function lstmCell(arena: Arena, memory: RecurrentMemory): Cell {
  const { units, gates, gateStride, states, stateStride, batchSize, carry } = memory;
  const { activation, recurrentActivation } = memory;
  const product = recurrentProduct(arena, memory, 4 * units);
  const kernel = memory.recurrent(0);
  const inner = arena.reserve(batchSize * 4 * units);
  const cells = arena.reserve((batchSize * stateStride) / 4);
  const cellCarry = arena.reserve(batchSize * units);
  const bytes = units * 4;
  return {
    scratch: product.scratch,
    start: (kernels, samples) =>
      kernels.copyRows(memory.zeros, 0, cellCarry, 0, 1, samples * bytes),
    forward:
      ({ kernels }) =>
      (step, samples) => {
        const state = states + step * bytes;
        const rows = { count: samples, at: state, table: memory.stateRows };
        product.forward(kernels, rows, kernel.value, {}, inner);
        kernels.lstmCell(
          samples,
          units,
          activation,
          recurrentActivation,
          gates + step * 4 * bytes,
          gateStride,
          inner,
          state + bytes,
          cells + step * bytes,
          stateStride,
        );
      },
    backward: (context) => (step, samples, dOutput, stride) => {
      const z = gates + step * 4 * bytes;
      context.kernels.lstmCellBackward(
        samples,
        units,
        activation,
        recurrentActivation,
        z,
        gateStride,
        cells + step * bytes,
        stateStride,
        dOutput,
        stride,
        carry,
        cellCarry,
        z,
      );
      const d = { at: z, rowBytes: gateStride };
      product.inputGradient(context, samples, kernel.value, d, carry);
    },
    weightGradients: (context, count) => {
      const rows = { count, at: states, table: memory.allStateRows };
      product.weightGradient(context, rows, { at: gates, rowBytes: 4 * bytes }, kernel.gradient);
    },
  };
}

/** The reset gate comes before the product: the last third of the kernel multiplies r · h[-1]. */
export function gruCell(arena: Arena, memory: RecurrentMemory): Cell {
  const { units, steps, gates, gateStride, states, stateStride, batchSize, carry } = memory;
  const { activation, recurrentActivation } = memory;
  const gateProduct = recurrentProduct(arena, memory, 2 * units);
  const stateProduct = recurrentProduct(arena, memory, units);
  const gateKernel = memory.recurrent(0);
  const stateKernel = memory.recurrent(2 * units);
  const bytes = units * 4;
  const inner = arena.reserve(batchSize * 2 * units);
  const reset = arena.reserve(batchSize * steps * units);
  const resetStride = steps * bytes;
  const resetRows = arena.table(batchSize, (sample) => sample * resetStride);
  const allResetRows = arena.table(batchSize * steps, (row) => row * bytes);
  const back = arena.reserve(batchSize * units);
  return {
    scratch: Math.max(gateProduct.scratch, stateProduct.scratch),
    start: () => undefined,
    forward:
      ({ kernels }) =>
      (step, samples) => {
        const state = states + step * bytes;
        const z = gates + step * 3 * bytes;
        const q = reset + step * bytes;
        const rows = { count: samples, at: state, table: memory.stateRows };
        gateProduct.forward(kernels, rows, gateKernel.value, {}, inner);
        kernels.gruGates(
          samples,
          units,
          recurrentActivation,
          z,
          gateStride,
          inner,
          state,
          stateStride,
          q,
          resetStride,
        );
        const resetState = { count: samples, at: q, table: resetRows };
        stateProduct.forward(kernels, resetState, stateKernel.value, {}, inner);
        kernels.gruState(samples, units, activation, z, gateStride, inner, state, stateStride);
      },
    backward: (context) => {
      const { kernels } = context;
      return (step, samples, dOutput, stride) => {
        const state = states + step * bytes;
        const z = gates + step * 3 * bytes;
        kernels.gruStateBackward(
          samples,
          units,
          activation,
          recurrentActivation,
          z,
          gateStride,
          state,
          stateStride,
          dOutput,
          stride,
          carry,
          z,
        );
        const dState = { at: z + 2 * bytes, rowBytes: gateStride };
        stateProduct.inputGradient(context, samples, stateKernel.value, dState, back);
        kernels.gruGatesBackward(
          samples,
          units,
          recurrentActivation,
          z,
          gateStride,
          state,
          stateStride,
          back,
          carry,
          z,
        );
        const dGates = { at: z, rowBytes: gateStride };
        gateProduct.inputGradient(context, samples, gateKernel.value, dGates, back);
        kernels.addInto(back, carry, samples * units);
      };
    },
    weightGradients: (context, count) => {
      const rows = { count, at: states, table: memory.allStateRows };
      const dGates = { at: gates, rowBytes: 3 * bytes };
      gateProduct.weightGradient(context, rows, dGates, gateKernel.gradient);
      const resetStates = { count, at: reset, table: allResetRows };
      const dState = { at: gates + 2 * bytes, rowBytes: 3 * bytes };
      stateProduct.weightGradient(context, resetStates, dState, stateKernel.gradient);
    },
  };
}

function recurrentProduct(
  arena: Arena,
  { batchSize, steps, units }: RecurrentMemory,
  outputSize: number,
): WeightProduct {
  return new WeightProduct(arena, { rows: batchSize * steps, inputSize: units, outputSize });
}
