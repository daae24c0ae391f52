/** `poml benchmark`: the work a rating is made of, run on this machine for some seconds. */
import { randomBytes } from "node:crypto";
import { availableParallelism, cpus } from "node:os";
import { Command } from "commander";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { gflops, percent } from "../format.ts";

export function benchmarkCommand(context: CliContext): Command {
  return new Command("benchmark")
    .description("measure this machine and predict its rating")
    .option("--seconds <n>", "how long to measure", "10")
    .option("--segment-steps <n>", "optimizer steps per segment (a chain parameter)", "60")
    .action((options: { seconds: string; segmentSteps: string }) =>
      benchmark(
        numberOf("seconds", options.seconds, 600),
        Math.round(numberOf("segment-steps", options.segmentSteps, 100_000)),
        context,
      ),
    );
}

async function benchmark(
  seconds: number,
  stepsPerSegment: number,
  { output, signal }: CliContext,
): Promise<void> {
  const { createExactEngine } = await import("../../../ml/exact/engine.ts");
  const { ENGINE_HASH } = await import("../../../ml/exact/engine-hash.ts");
  const { runLane } = await import("../../../ml/baseline/lane.ts");
  const { metricsOf, ratiosOf } = await import("../../../ml/metrics.ts");
  const { capacityOf, flopsOf } = await import("../../../chain/rating/formula.ts");
  const { BASELINE_TASK } = await import("../../../ml/baseline/task.ts");
  const { createProgress } = await import("../progress.ts");
  const engine = await createExactEngine();
  const progress = await createProgress(output);
  const bar = progress.bar("benchmark", { isMain: true });
  const clock = { now: () => performance.now() };
  const startMs = clock.now();
  const lane = runLane(
    { seed: randomBytes(32), stepsPerSegment, untilMs: startMs + 1000 * seconds },
    { engine, clock, signal },
  );
  // The window is over when it is over, as on the chain; an unfinished segment does not count.
  const task = { segmentSteps: stepsPerSegment, baselineTask: BASELINE_TASK };
  const flopsBy = (count: number): bigint => flopsOf(count, task);
  let step = await lane.next();
  for (; !step.done; step = await lane.next()) {
    const passedMs = clock.now() - startMs;
    const rate = capacityOf(flopsBy(step.value.segments), BigInt(Math.ceil(passedMs)));
    bar.update(passedMs / 1000 / seconds, `${gflops(rate)} GFLOP/s`);
  }
  progress.stop();
  const { segments, confusion, flops } = step.value;
  const capacity = capacityOf(flops, BigInt(Math.round(1000 * seconds)));
  const rating = capacity;
  const samples = confusion.reduce((sum, count) => sum + count, 0);
  const accuracy =
    samples === 0 ? 0 : ratiosOf(metricsOf({ lossSum: 0, samples, confusion })).accuracy;
  const result = {
    engine: engine.name,
    engineHash: ENGINE_HASH,
    seconds,
    segments,
    stepsPerSegment,
    flops,
    capacity,
    rating,
    accuracy,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
  };
  output.result(result, () => {
    output.table(
      ["factor", "value", "measured by"],
      [
        [
          "capacity",
          `${gflops(capacity)} GFLOP/s`,
          "this run; on the chain a window, spot-checked",
        ],
        ["accuracy of the task", percent(accuracy), "this run; shown, no factor yet"],
        ["quality, reliability, energy", "1.00", "not measured yet, so they change nothing"],
        [
          "predicted rating",
          gflops(rating),
          "product of the above; the first window counts in full",
        ],
      ],
    );
    output.line(
      `\n${segments} segments of ${stepsPerSegment} steps in ${seconds} s, one thread, ${result.cpu}`,
    );
  });
}

function numberOf(field: string, text: string, limit: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0.1 && value <= limit) return value;
  throw usageError(field, `${JSON.stringify(text)} is not between 0.1 and ${limit}`, "e.g. 10");
}
