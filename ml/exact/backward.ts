/**
 * Plans the backward pass through the operations before the memory is allocated: which operations need a gradient,
 * where each gradient lies, and where several are added. Afterwards `link` returns the steps. If several operations use
 * an output, its gradient is the sum of theirs, added from the last user to the first.
 */

import { MODEL_INPUT } from "../model/program.ts";
import type { Arena } from "./arena.ts";
import type { Operation } from "./fuse.ts";
import { GradientBuffers } from "./gradient-buffers.ts";
import type { LayerPlan, LinkContext, Step } from "./layers/layer-plan.ts";

export interface PlannedOperation extends Operation {
  readonly plan: LayerPlan;
  readonly weighted: boolean;
}

/** A gradient that first lies in a buffer of its own and is then added to another. */
interface Addition {
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

interface BackwardStep {
  readonly plan: LayerPlan;
  readonly dOutput: number;
  readonly dInputs: readonly (number | null)[];
  readonly additions: readonly Addition[];
}

export class BackwardPlan {
  /** The buffer that receives the gradient of the loss; null when the model has nothing to train. */
  readonly start: number | null;
  readonly #buffers = new GradientBuffers();
  readonly #operations: readonly PlannedOperation[];
  readonly #batchSize: number;
  readonly #needed: readonly boolean[];
  /** Buffer that holds the gradient of each operation's output so far. */
  readonly #gradients: (number | null)[];
  readonly #steps: BackwardStep[] = [];

  /** @param throughLast the loss gives the gradient of the last operation's input */
  constructor(
    operations: readonly PlannedOperation[],
    { batchSize, throughLast }: { readonly batchSize: number; readonly throughLast: boolean },
  ) {
    this.#operations = operations;
    this.#batchSize = batchSize;
    const needed: boolean[] = [];
    for (const { weighted, inputs } of operations) {
      needed.push(weighted || inputs.some((input) => needed[input] === true));
    }
    this.#needed = needed;
    this.#gradients = operations.map(() => null);
    const end = operations.length - 1;
    const last = throughLast ? (operations[end]?.inputs[0] ?? MODEL_INPUT) : end;
    if (needed[last] === true) this.#gradients[last] = this.#acquire(last);
    this.start = this.#gradients[last] ?? null;
    for (let index = last; index >= 0; index--) this.#planStep(index);
  }

  reserve(arena: Arena): void {
    this.#buffers.reserve(arena);
  }

  /** Byte offset of the loss's gradient, once it is reserved. */
  get startOffset(): number {
    return this.#buffers.offsetOf(this.start);
  }

  link(context: LinkContext): readonly Step[] {
    const { kernels } = context;
    return this.#steps.flatMap(({ plan, dOutput, dInputs, additions }) => [
      plan.backward(
        context,
        this.#buffers.offsetOf(dOutput),
        dInputs.map((buffer) => this.#buffers.offsetOf(buffer)),
      ),
      ...additions.map(({ from, to, size }): Step => {
        const [source, target] = [this.#buffers.offsetOf(from), this.#buffers.offsetOf(to)];
        return (count) => kernels.addInto(source, target, count * size);
      }),
    ]);
  }

  #planStep(index: number): void {
    const operation = this.#operations[index];
    const dOutput = this.#gradients[index] ?? null;
    if (operation === undefined || dOutput === null) return;
    const { plan, inputs } = operation;
    if (plan.elementwise === true) {
      this.#planElementwise(operation, dOutput);
      return;
    }
    const additions: Addition[] = [];
    const dInputs = inputs.map((input) => {
      if (this.#needed[input] !== true) return null;
      const buffer = this.#acquire(input);
      const present = this.#gradients[input] ?? null;
      if (present === null) this.#gradients[input] = buffer;
      else additions.push({ from: buffer, to: present, size: this.#sizeOf(input) });
      return buffer;
    });
    this.#steps.push({ plan, dOutput, dInputs, additions });
    for (const { from } of additions) this.#buffers.release(from);
    this.#buffers.release(dOutput);
  }

  /** Turns the gradient of the output into that of the input without moving it. */
  #planElementwise({ plan, inputs }: PlannedOperation, dOutput: number): void {
    const [input = MODEL_INPUT] = inputs;
    const present = this.#gradients[input] ?? null;
    if (present === null) {
      this.#gradients[input] = dOutput;
      this.#steps.push({ plan, dOutput, dInputs: [], additions: [] });
      return;
    }
    const additions = [{ from: dOutput, to: present, size: this.#sizeOf(input) }];
    this.#steps.push({ plan, dOutput, dInputs: [], additions });
    this.#buffers.release(dOutput);
  }

  #acquire(operation: number): number {
    return this.#buffers.acquire(this.#batchSize * this.#sizeOf(operation));
  }

  #sizeOf(operation: number): number {
    return this.#operations[operation]?.layer.size ?? 0;
  }
}
