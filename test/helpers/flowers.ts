/** A small table with three classes that a small network can tell apart; the same on every run. */

const CLASSES = 3;

/** @returns CSV with four numeric columns and the label `species` */
export function flowersCsv(rows: number, seed = 1): Uint8Array {
  const random = generator(seed);
  const lines = ["sepal_length,sepal_width,petal_length,petal_width,species"];
  for (let row = 0; row < rows; row++) {
    const species = row % CLASSES;
    const spread = (): number => 0.6 * (random() + random() - 1);
    const cells = [
      5 + 0.8 * species + spread(),
      3.4 - 0.4 * (species % 2) + spread(),
      1.5 + 2 * species + spread(),
      0.3 + 0.9 * species + spread(),
    ];
    lines.push(`${cells.map((cell) => cell.toFixed(3)).join(",")},kind-${species}`);
  }
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

/** mulberry32; values in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
