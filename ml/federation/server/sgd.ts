/**
 * The server adds the combined update, times a rate. With momentum it is FedAvgM (Hsu, Qi, Brown 2019,
 * arXiv 1909.06335).
 */
import type { ServerOptimizer } from "./server-optimizer.ts";

export function sgd(learningRate: number, momentum: number): ServerOptimizer {
  return {
    initial: momentum === 0 ? [] : [0],
    step(change, [velocity]) {
      for (let i = 0; i < change.length; i++) {
        let moved = change[i] ?? 0;
        if (velocity !== undefined) {
          velocity[i] = momentum * (velocity[i] ?? 0) + moved;
          moved = velocity[i] ?? 0;
        }
        change[i] = learningRate * moved;
      }
    },
  };
}
