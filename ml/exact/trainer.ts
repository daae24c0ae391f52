/** One open model on the exact engine: it copies a batch in, runs the compiled steps, and copies the results out. */

import { checkInputs, checkLength, checkTargets } from "../check-batch.ts";
import type { Evaluation, Targets, Trainer } from "../engine.ts";
import type { LayersModel } from "../model/layers-model.ts";
import type { CompiledProgram } from "./compile-program.ts";
import type { Step } from "./layers/layer-plan.ts";

export class ExactTrainer implements Trainer {
  readonly parameterCount: number;
  readonly #model: LayersModel;
  readonly #batchSize: number;
  #program: CompiledProgram | null;

  constructor(model: LayersModel, program: CompiledProgram, batchSize: number) {
    this.parameterCount = model.parameterCount;
    this.#model = model;
    this.#program = program;
    this.#batchSize = batchSize;
  }

  load(parameters: Float32Array): void {
    checkLength("parameters", parameters, this.parameterCount);
    const program = this.#open();
    const { layout, optimizer } = program;
    // This also writes the columns that fill up a panel, because a run that reached NaN leaves some there.
    layout.pack(parameters, floats(program, program.parameters, layout.size).fill(0));
    for (const array of optimizer.arrays) {
      floats(program, array, layout.size).fill(0).fill(optimizer.arrayStart, 0, layout.trainable);
    }
    optimizer.scalars.fill(optimizer.scalarStart);
  }

  parameters(): Float32Array {
    const program = this.#open();
    const flat = new Float32Array(this.parameterCount);
    unpack(program, program.parameters, flat);
    return flat;
  }

  optimizerState(): Float32Array {
    const program = this.#open();
    const { arrays, scalars } = program.optimizer;
    const state = new Float32Array(this.#stateLength(program));
    arrays.forEach((array, index) => {
      unpack(program, array, state.subarray(index * this.parameterCount));
    });
    state.set(scalars, arrays.length * this.parameterCount);
    return state;
  }

  restore(parameters: Float32Array, optimizerState: Float32Array): void {
    const program = this.#open();
    checkLength("optimizerState", optimizerState, this.#stateLength(program));
    this.load(parameters);
    const { arrays, scalars } = program.optimizer;
    arrays.forEach((array, index) => {
      const start = index * this.parameterCount;
      const values = optimizerState.subarray(start, start + this.parameterCount);
      program.layout.pack(values, floats(program, array, program.layout.size));
    });
    scalars.set(optimizerState.subarray(arrays.length * this.parameterCount));
  }

  step(inputs: Float32Array, targets: Targets, count: number, dropoutSeed: number): number {
    const program = this.#open();
    if (count > this.#batchSize) {
      throw new RangeError(`count: expected at most ${this.#batchSize}, got ${count}`);
    }
    checkInputs(inputs, this.#model.inputSize, count);
    checkTargets(targets, this.#model, count);
    this.#copyInputs(program, inputs, 0, count);
    this.#copyTargets(program, targets, 0, count);
    program.seedDropout(dropoutSeed);
    run(program.forwardTraining, count);
    const loss = program.loss.sum(program.kernels, count, 0);
    run(program.backwardAndUpdate, count);
    return loss / count;
  }

  evaluate(inputs: Float32Array, targets: Targets, count: number): Evaluation {
    const program = this.#open();
    const { classes, inputSize, outputSize } = this.#model;
    const { kernels, loss, outputs } = program;
    checkInputs(inputs, inputSize, count);
    checkTargets(targets, this.#model, count);
    const confusion = new Uint32Array(program.memory.buffer, program.confusion, classes * classes);
    confusion.fill(0);
    let lossSum = 0;
    for (let first = 0; first < count; first += this.#batchSize) {
      const rows = Math.min(this.#batchSize, count - first);
      this.#copyInputs(program, inputs, first, rows);
      this.#copyTargets(program, targets, first, rows);
      run(program.forwardEvaluation, rows);
      // One running sum in sample order, so that the total does not depend on the batch size.
      lossSum = loss.sum(kernels, rows, lossSum);
      if (targets instanceof Float32Array) continue;
      const { confusion: counts } = program;
      kernels.countConfusion(outputs, loss.labels, rows, outputSize, classes, counts);
    }
    return { lossSum, samples: count, confusion: confusion.slice() };
  }

  predict(inputs: Float32Array, count: number): Float32Array {
    const program = this.#open();
    const { outputSize, inputSize } = this.#model;
    checkInputs(inputs, inputSize, count);
    const outputs = new Float32Array(count * outputSize);
    for (let first = 0; first < count; first += this.#batchSize) {
      const rows = Math.min(this.#batchSize, count - first);
      this.#copyInputs(program, inputs, first, rows);
      run(program.forwardEvaluation, rows);
      outputs.set(floats(program, program.outputs, rows * outputSize), first * outputSize);
    }
    return outputs;
  }

  dispose(): void {
    this.#program = null;
  }

  #open(): CompiledProgram {
    if (this.#program === null) throw new TypeError("the trainer has been disposed of");
    return this.#program;
  }

  #stateLength({ optimizer }: CompiledProgram): number {
    return optimizer.arrays.length * this.parameterCount + optimizer.scalars.length;
  }

  #copyInputs(program: CompiledProgram, inputs: Float32Array, first: number, rows: number): void {
    const { inputSize } = this.#model;
    const wanted = inputs.subarray(first * inputSize, (first + rows) * inputSize);
    floats(program, program.inputs, rows * inputSize).set(wanted);
  }

  #copyTargets(program: CompiledProgram, targets: Targets, first: number, rows: number): void {
    const { loss, memory } = program;
    const { outputSize } = this.#model;
    if (targets instanceof Float32Array) {
      if (loss.targets === 0) throw new TypeError("this loss takes class indexes, not values");
      const wanted = targets.subarray(first * outputSize, (first + rows) * outputSize);
      floats(program, loss.targets, rows * outputSize).set(wanted);
      return;
    }
    const labels = targets.subarray(first, first + rows);
    new Int32Array(memory.buffer, loss.labels, rows).set(labels);
    if (loss.targets === 0) return;
    const oneHot = floats(program, loss.targets, rows * outputSize).fill(0);
    labels.forEach((label, row) => {
      // One output is the probability of class 1.
      if (outputSize === 1) oneHot[row] = label;
      else oneHot[row * outputSize + label] = 1;
    });
  }
}

function run(steps: readonly Step[], count: number): void {
  for (const step of steps) step(count);
}

function unpack(program: CompiledProgram, offset: number, flat: Float32Array): void {
  program.layout.unpack(floats(program, offset, program.layout.size), flat);
}

function floats({ memory }: CompiledProgram, offset: number, length: number): Float32Array {
  return new Float32Array(memory.buffer, offset, length);
}
