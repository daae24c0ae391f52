/**
 * Simple recurrent, GRU and LSTM layers. The inputs of all steps are multiplied at once. Then, step by step, the state
 * is multiplied, and a cell kernel combines both. The states have a row of zeros before the first step. Gates are kept,
 * and are overwritten by their own gradients in the backward pass.
 */
import type { RecurrentLayer } from "../../model/program.ts";
import { roundUp } from "../panels.ts";
import { WeightProduct } from "../weight-product.ts";
import { ACTIVATIONS } from "./activation.ts";
import type { LayerPlan, LinkContext, PlanContext, Step } from "./layer-plan.ts";
import {
  type Cell,
  gruCell,
  lstmCell,
  type RecurrentMemory,
  simpleCell,
} from "./recurrent-cells.ts";

export function planRecurrent(layer: RecurrentLayer, context: PlanContext): LayerPlan {
  return new RecurrentPlan(layer, context);
}

const CELLS = { simpleRnn: simpleCell, gru: gruCell, lstm: lstmCell } as const;

class RecurrentPlan implements LayerPlan {
  readonly output: number;
  readonly scratch: number;
  readonly reads = "nothing";
  readonly #layer: RecurrentLayer;
  readonly #context: PlanContext;
  readonly #memory: RecurrentMemory;
  readonly #cell: Cell;
  readonly #product: WeightProduct;
  readonly #inputRows: number;
  readonly #columns: number;

  constructor(layer: RecurrentLayer, context: PlanContext) {
    const { arena, batchSize } = context;
    const { steps, inputSize } = layer;
    this.#layer = layer;
    this.#context = context;
    this.output = arena.reserve(batchSize * layer.size);
    this.#memory = reserveMemory(layer, context);
    this.#columns = this.#memory.gateStride / 4 / steps;
    this.#inputRows = arena.table(batchSize * steps, (row) => row * inputSize * 4);
    const rows = batchSize * steps;
    this.#product = new WeightProduct(arena, { rows, inputSize, outputSize: this.#columns });
    this.#cell = CELLS[layer.kind](arena, this.#memory);
    this.scratch = Math.max(this.#product.scratch, this.#cell.scratch);
  }

  forward(context: LinkContext): Step {
    const { kernels } = context;
    const { steps, units, sequences } = this.#layer;
    const { input, weight } = this.#context;
    const { gates, states, stateStride } = this.#memory;
    const kernel = weight(this.#layer.kernel);
    const bias = { bias: weight(this.#layer.bias).value };
    const table = this.#inputRows;
    const unitBytes = units * 4;
    const step = this.#cell.forward(context);
    return (samples) => {
      const rows = { count: samples * steps, at: input, table };
      this.#product.forward(kernels, rows, kernel.value, bias, gates);
      for (let t = 0; t < steps; t++) step(t, samples);
      const from = states + (sequences ? 1 : steps) * unitBytes;
      const bytes = sequences ? steps * unitBytes : unitBytes;
      kernels.copyRows(from, stateStride, this.output, bytes, samples, bytes);
    };
  }

  backward(context: LinkContext, dOutput: number, [dInput = 0]: readonly number[]): Step {
    const { kernels } = context;
    const { steps, units, sequences } = this.#layer;
    const { input, weight } = this.#context;
    const { gates, carry, zeros } = this.#memory;
    const kernel = weight(this.#layer.kernel);
    const bias = weight(this.#layer.bias);
    const columns = this.#columns;
    const d = { at: gates, rowBytes: columns * 4 };
    const table = this.#inputRows;
    const unitBytes = units * 4;
    const step = this.#cell.backward(context);
    return (samples) => {
      kernels.copyRows(zeros, 0, carry, 0, 1, samples * unitBytes);
      this.#cell.start(kernels, samples);
      for (let t = steps - 1; t >= 0; t--) {
        if (sequences) step(t, samples, dOutput + t * unitBytes, steps * unitBytes);
        else step(t, samples, t === steps - 1 ? dOutput : 0, unitBytes);
      }
      const count = samples * steps;
      this.#product.weightGradient(context, { count, at: input, table }, d, kernel.gradient);
      if (bias.value !== 0) kernels.sumRows(gates, count, columns, bias.gradient);
      this.#cell.weightGradients(context, count);
      if (dInput !== 0) this.#product.inputGradient(context, count, kernel.value, d, dInput);
    };
  }
}

const GATES = { simpleRnn: 1, gru: 3, lstm: 4 } as const;

function reserveMemory(layer: RecurrentLayer, context: PlanContext): RecurrentMemory {
  const { kind, steps, units } = layer;
  const { arena, batchSize } = context;
  const stateStride = (steps + 1) * units * 4;
  return {
    units,
    steps,
    batchSize,
    activation: ACTIVATIONS[layer.activation],
    recurrentActivation: ACTIVATIONS[layer.recurrentActivation],
    gates: arena.reserve(batchSize * steps * GATES[kind] * units),
    gateStride: steps * GATES[kind] * units * 4,
    // The row before the first step is never written and stays zero.
    states: arena.reserve((batchSize * stateStride) / 4),
    stateStride,
    stateRows: arena.table(batchSize, (sample) => sample * stateStride),
    allStateRows: arena.table(batchSize * steps, (row) => {
      return Math.floor(row / steps) * stateStride + (row % steps) * units * 4;
    }),
    carry: arena.reserve(batchSize * units),
    zeros: arena.reserve(batchSize * units),
    recurrent: (first) => {
      const { value, gradient } = context.weight(layer.recurrentKernel);
      const skipped = units * roundUp(first, 8) * 4;
      return { value: value + skipped, gradient: gradient + skipped };
    },
  };
}
