/** Of an even number of values, the mean of the two in the middle. @returns 0 for none */
export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const low = sorted[(sorted.length - 1) >> 1] ?? 0;
  const high = sorted[sorted.length >> 1] ?? 0;
  return (low + high) / 2;
}
