/** How long the steps of a block take on this node, measured outside the rules. */
import { Histogram } from "prom-client";

/** build: as proposer. verify: signatures that were not verified before. apply: the rules. commit: to disk. */
export type BlockStep = "build" | "verify" | "apply" | "commit";

export type Measure = (step: BlockStep, ms: number) => void;

export class BlockTimes {
  readonly histogram = new Histogram({
    name: "poml_block_step_seconds",
    help: "Time a block's steps took: build, verify, apply, commit",
    labelNames: ["step"],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    registers: [],
  });

  readonly measure: Measure = (step, ms) => {
    this.histogram.observe({ step }, ms / 1000);
  };
}
