/** Federated averaging (arXiv 1602.05629): the mean of the updates weighted by their samples. */
import type { Update } from "../update.ts";

/** If there are no samples at all, every update counts the same. */
export function fedavg(updates: readonly Update[]): Float64Array {
  const counted = updates.reduce((sum, update) => sum + update.samples, 0);
  const total = counted === 0 ? updates.length : counted;
  const change = new Float64Array(updates[0]?.delta.length ?? 0);
  for (const { samples, delta } of updates) {
    const weight = counted === 0 ? 1 : samples;
    for (let i = 0; i < change.length; i++) {
      change[i] = (change[i] ?? 0) + weight * (delta[i] ?? 0);
    }
  }
  for (let i = 0; i < change.length; i++) change[i] = (change[i] ?? 0) / total;
  return change;
}
