/**
 * Plans one trainer's memory before it is allocated: every buffer is a byte offset that is reserved once, so that a
 * training step allocates nothing.
 */

import { EngineError } from "../engine-error.ts";

const PAGE_BYTES = 65_536;
const ALIGNMENT = 64;
/** Kernels may read (never write) so many bytes beyond the end of a buffer. */
const SLACK_BYTES = 256;

const MAX_MEMORY_BYTES = 2 ** 31;

export class Arena {
  /** Address 0 stays unused: kernels take it as "none". */
  #end = ALIGNMENT;
  readonly #tables: { readonly offset: number; readonly values: Int32Array }[] = [];

  /** @returns the byte offset of `count` 4-byte values. @throws EngineError TOO_LARGE */
  reserve(count: number): number {
    const offset = this.#end;
    this.#end += Math.ceil((count * 4) / ALIGNMENT) * ALIGNMENT;
    if (this.#end > MAX_MEMORY_BYTES - PAGE_BYTES) {
      throw new EngineError(
        "model and batch do not fit the engine's memory",
        { code: "TOO_LARGE", bytes: this.#end, limit: MAX_MEMORY_BYTES },
        { remedy: "use a smaller batchSize, smaller images or fewer filters" },
      );
    }
    return offset;
  }

  /** Reserves a constant table of int32, which `allocate` fills. */
  table(length: number, value: (index: number) => number): number {
    const offset = this.reserve(length);
    this.#tables.push({ offset, values: Int32Array.from({ length }, (_, index) => value(index)) });
    return offset;
  }

  /** Bytes reserved so far. */
  get bytes(): number {
    return this.#end;
  }

  /** Allocates the memory; everything but the tables is zero. */
  allocate(): WebAssembly.Memory {
    const pages = Math.ceil((this.#end + SLACK_BYTES) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    for (const { offset, values } of this.#tables) {
      new Int32Array(memory.buffer, offset, values.length).set(values);
    }
    return memory;
  }
}
