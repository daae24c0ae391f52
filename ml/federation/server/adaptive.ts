/**
 * FedAdagrad, FedAdam and FedYogi (Reddi et al. 2021, arXiv 2003.00295, algorithm 2): the combined update is taken for a
 * gradient, and the server keeps its mean and a measure of its squares. There is no correction for the first rounds.
 */
import type { ServerOptimizer } from "./server-optimizer.ts";

export interface AdaptiveSettings {
  readonly learningRate: number;
  readonly beta1: number;
  /** Degree of adaptivity: the smaller, the more. */
  readonly tau: number;
}

/** From what is known of the squares, and the newest square. */
type Squares = (before: number, square: number) => number;

export function adagrad(settings: AdaptiveSettings): ServerOptimizer {
  return adaptive(settings, (before, square) => before + square);
}

export function adam(settings: AdaptiveSettings, beta2: number): ServerOptimizer {
  return adaptive(settings, (before, square) => beta2 * before + (1 - beta2) * square);
}

export function yogi(settings: AdaptiveSettings, beta2: number): ServerOptimizer {
  return adaptive(
    settings,
    (before, square) => before - (1 - beta2) * square * Math.sign(before - square),
  );
}

function adaptive(
  { learningRate, beta1, tau }: AdaptiveSettings,
  squares: Squares,
): ServerOptimizer {
  return {
    initial: [0, tau * tau],
    step(change, [mean, seen]) {
      if (mean === undefined || seen === undefined) throw new RangeError("two vectors of state");
      for (let i = 0; i < change.length; i++) {
        const moved = change[i] ?? 0;
        mean[i] = beta1 * (mean[i] ?? 0) + (1 - beta1) * moved;
        seen[i] = squares(seen[i] ?? 0, moved * moved);
        change[i] = (learningRate * (mean[i] ?? 0)) / (Math.sqrt(seen[i] ?? 0) + tau);
      }
    },
  };
}
