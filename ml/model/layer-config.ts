/**
 * Typed reads from one layer's `config`. Every wrong value becomes a BAD_CONFIG that names the layer, the field and the
 * expected value; nothing is guessed from a value of the wrong type.
 */

import { ModelError } from "./model-error.ts";
import type { PlainJson, PlainObject } from "./plain-json.ts";

/** The largest dimension that a layer may have. */
const MAX_DIMENSION = 2 ** 22;

export class LayerConfig {
  readonly layer: string;
  readonly className: string;
  readonly #values: PlainObject;

  constructor(layer: string, className: string, values: PlainObject) {
    this.layer = layer;
    this.className = className;
    this.#values = values;
  }

  /** The raw value; null counts as absent. */
  get(field: string): PlainJson | undefined {
    return (Object.hasOwn(this.#values, field) ? this.#values[field] : undefined) ?? undefined;
  }

  /** A whole number from 1 to MAX_DIMENSION. */
  size(field: string): number {
    return this.#size(field, this.get(field));
  }

  fields(): readonly string[] {
    return Object.keys(this.#values);
  }

  /** True for a field that is present and null. */
  isNull(field: string): boolean {
    return Object.hasOwn(this.#values, field) && this.#values[field] === null;
  }

  /** Sizes by dimension, given as one number for all or as an array of `count`. */
  sizes(field: string, count: number, fallback?: readonly number[]): readonly number[] {
    const value = this.get(field);
    if (value === undefined && fallback !== undefined) return fallback;
    if (!Array.isArray(value)) return new Array(count).fill(this.#size(field, value));
    if (value.length === count) return value.map((size) => this.#size(field, size));
    throw this.bad(field, `must be one number or an array of ${count}, not of ${value.length}`);
  }

  /** A number with minimum <= value < limit. */
  fraction(field: string, minimum: number, limit: number): number {
    const value = this.get(field);
    if (typeof value === "number" && value >= minimum && value < limit) return value;
    throw this.bad(field, `must be a number from ${minimum} to below ${limit}`);
  }

  /** A number with minimum <= value <= maximum. */
  number(field: string, fallback: number, minimum: number, maximum: number): number {
    const value = this.get(field) ?? fallback;
    if (typeof value === "number" && value >= minimum && value <= maximum) return value;
    throw this.bad(field, `must be a number from ${minimum} to ${maximum}`);
  }

  boolean(field: string, fallback: boolean): boolean {
    const value = this.get(field) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.bad(field, "must be true or false");
  }

  text(field: string, fallback: string): string {
    const value = this.get(field) ?? fallback;
    if (typeof value === "string") return value;
    throw this.bad(field, "must be a string");
  }

  bad(field: string, reason: string): ModelError {
    return new ModelError(
      `layer "${this.layer}" (${this.className}): ${field} ${reason}`,
      { code: "BAD_CONFIG", layer: this.layer, field, reason },
      { remedy: `correct config.${field} of layer "${this.layer}"` },
    );
  }

  /** Makes the error for a valid layer or option that the exact program does not have. */
  needsTfjs(reason: string): ModelError {
    return new ModelError(
      `layer "${this.layer}" (${this.className}): the exact engine cannot run it: ${reason}`,
      { code: "NEEDS_TFJS", layer: this.layer, className: this.className, reason },
      {
        remedy:
          "train with the tfjs engine (results cannot be audited bit by bit) or change the layer",
      },
    );
  }

  #size(field: string, value: PlainJson | undefined): number {
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1) {
      throw this.bad(field, "must be a whole number of at least 1");
    }
    if (value > MAX_DIMENSION) throw this.bad(field, `must be at most ${MAX_DIMENSION}`);
    return value;
  }
}
