/**
 * Buffers for the gradients of activations. A gradient lives from the last layer that uses an output back to the layer
 * that made it. Gradients that never live at the same time share a buffer, so a chain of layers needs only two.
 */

import type { Arena } from "./arena.ts";

export class GradientBuffers {
  readonly #sizes: number[] = [];
  readonly #free: number[] = [];
  #offsets: readonly number[] = [];

  /** @returns the number of a buffer of at least `size` values, until it is released */
  acquire(size: number): number {
    // The largest free buffer has to grow least.
    this.#free.sort((a, b) => (this.#sizes[a] ?? 0) - (this.#sizes[b] ?? 0));
    const buffer = this.#free.pop() ?? this.#sizes.length;
    this.#sizes[buffer] = Math.max(size, this.#sizes[buffer] ?? 0);
    return buffer;
  }

  release(buffer: number): void {
    this.#free.push(buffer);
  }

  /** Reserves the memory, once all buffers are planned. */
  reserve(arena: Arena): void {
    this.#offsets = this.#sizes.map((size) => arena.reserve(size));
  }

  /** @returns the byte offset; 0 for null */
  offsetOf(buffer: number | null): number {
    if (buffer === null) return 0;
    const offset = this.#offsets[buffer];
    if (offset === undefined) throw new RangeError(`buffer: ${buffer} was not planned`);
    return offset;
  }
}
