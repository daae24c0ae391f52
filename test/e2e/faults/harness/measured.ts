/** What a fault test measured: one line of JSON when it is known, and a table of all at the end. */
import { loadavg } from "node:os";
import type { Context, Runnable } from "mocha";

export type Figures = Readonly<Record<string, number | string | boolean>>;

const figuresOf = new WeakMap<Runnable, Figures>();

/** Keeps the figures with the test under way and prints them. */
export function measured(context: Context, figures: Figures): void {
  const { test } = context;
  if (test === undefined) throw new TypeError("figures belong to a running test");
  const rounded = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, round(value)]),
  );
  figuresOf.set(test, rounded);
  const line = { fault: test.fullTitle(), ...rounded, load: round(loadavg()[0] ?? 0) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export function figuresFor(test: Runnable): Figures | undefined {
  return figuresOf.get(test);
}

function round(value: Figures[string]): Figures[string] {
  return typeof value === "number" ? Math.round(100 * value) / 100 : value;
}
