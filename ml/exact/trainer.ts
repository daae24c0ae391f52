/** One open model on the exact engine: copies batches in, walks the compiled steps, copies out. */

import { checkInputs, checkLabels, checkLength } from "../check-batch.ts";
import type { Evaluation, Trainer } from "../engine.ts";
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
    program.layout.pack(parameters, floats(program, program.parameters, program.layout.size));
    if (program.velocity !== 0) floats(program, program.velocity, program.layout.size).fill(0);
  }

  parameters(): Float32Array {
    const program = this.#open();
    return this.#unpack(program, program.parameters);
  }

  optimizerState(): Float32Array {
    const program = this.#open();
    return program.velocity === 0 ? new Float32Array(0) : this.#unpack(program, program.velocity);
  }

  restore(parameters: Float32Array, optimizerState: Float32Array): void {
    const program = this.#open();
    const expected = program.velocity === 0 ? 0 : this.parameterCount;
    checkLength("optimizerState", optimizerState, expected);
    this.load(parameters);
    if (program.velocity === 0) return;
    const velocity = floats(program, program.velocity, program.layout.size);
    program.layout.pack(optimizerState, velocity);
  }

  step(
    inputs: Float32Array,
    labels: Uint8Array | Int32Array,
    count: number,
    dropoutSeed: number,
  ): number {
    const program = this.#open();
    if (count > this.#batchSize) {
      throw new RangeError(`count: expected at most ${this.#batchSize}, got ${count}`);
    }
    checkInputs(inputs, this.#model.inputSize, count);
    checkLabels(labels, this.#model.classes, count);
    this.#copyInputs(program, inputs, 0, count);
    this.#copyLabels(program, labels, 0, count);
    program.seedDropout(dropoutSeed);
    run(program.forwardTraining, count);
    const loss = this.#addLosses(program, count, 0);
    run(program.backwardAndUpdate, count);
    return loss / count;
  }

  evaluate(inputs: Float32Array, labels: Uint8Array | Int32Array, count: number): Evaluation {
    const program = this.#open();
    const { classes, inputSize } = this.#model;
    checkInputs(inputs, inputSize, count);
    checkLabels(labels, classes, count);
    const confusion = new Uint32Array(program.memory.buffer, program.confusion, classes * classes);
    confusion.fill(0);
    let lossSum = 0;
    for (let first = 0; first < count; first += this.#batchSize) {
      const rows = Math.min(this.#batchSize, count - first);
      this.#copyInputs(program, inputs, first, rows);
      this.#copyLabels(program, labels, first, rows);
      run(program.forwardEvaluation, rows);
      lossSum = this.#addLosses(program, rows, lossSum);
      program.kernels.countConfusion(
        program.probabilities,
        program.labels,
        rows,
        classes,
        program.confusion,
      );
    }
    return { lossSum, samples: count, confusion: confusion.slice() };
  }

  predict(inputs: Float32Array, count: number): Float32Array {
    const program = this.#open();
    const { classes, inputSize } = this.#model;
    checkInputs(inputs, inputSize, count);
    const outputs = new Float32Array(count * classes);
    for (let first = 0; first < count; first += this.#batchSize) {
      const rows = Math.min(this.#batchSize, count - first);
      this.#copyInputs(program, inputs, first, rows);
      run(program.forwardEvaluation, rows);
      outputs.set(floats(program, program.probabilities, rows * classes), first * classes);
    }
    return outputs;
  }

  dispose(): void {
    this.#program = null;
  }

  #open(): CompiledProgram {
    if (this.#program === null) throw new TypeError("the trainer was disposed of");
    return this.#program;
  }

  #unpack(program: CompiledProgram, offset: number): Float32Array {
    const flat = new Float32Array(this.parameterCount);
    program.layout.unpack(floats(program, offset, program.layout.size), flat);
    return flat;
  }

  #copyInputs(program: CompiledProgram, inputs: Float32Array, first: number, rows: number): void {
    const { inputSize } = this.#model;
    const wanted = inputs.subarray(first * inputSize, (first + rows) * inputSize);
    floats(program, program.inputs, rows * inputSize).set(wanted);
  }

  #copyLabels(
    program: CompiledProgram,
    labels: Uint8Array | Int32Array,
    first: number,
    rows: number,
  ): void {
    const target = new Int32Array(program.memory.buffer, program.labels, rows);
    target.set(labels.subarray(first, first + rows));
  }

  /** One running sum in sample order, so that a total does not depend on the batch size. */
  #addLosses(
    { kernels, probabilities, labels }: CompiledProgram,
    rows: number,
    sum: number,
  ): number {
    return kernels.crossEntropy(probabilities, labels, rows, this.#model.classes, sum);
  }
}

function run(steps: readonly Step[], count: number): void {
  for (const step of steps) step(count);
}

function floats({ memory }: CompiledProgram, offset: number, length: number): Float32Array {
  return new Float32Array(memory.buffer, offset, length);
}
