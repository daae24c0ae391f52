/** A part of the papers' experiments, which can be run by itself. */
import type { ResultTable } from "./results-page.ts";
import type { Figure } from "./svg.ts";

export interface Part {
  readonly name: string;
  /** The figures that have a bar, and a few more. */
  readonly summary: Readonly<Record<string, number>>;
  readonly tables: readonly ResultTable[];
  /** By the name of the file, without `.svg`. */
  readonly figures: Readonly<Record<string, Figure>>;
}

export interface PartOptions {
  readonly quick: boolean;
}
