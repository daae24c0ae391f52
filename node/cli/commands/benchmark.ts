/**
 * `poml benchmark`: measures this machine, either with the baseline task, and prints the rating that it would get, or
 * in hashes per second.
 */
import { availableParallelism, cpus } from "node:os";
import { Command } from "commander";
import type { NodeJson } from "../../api/contract/network.ts";
import { type ApiOptions, addApiOptions, connect } from "../api-options.ts";
import { type BenchmarkRun, runBenchmark } from "../benchmark/run.ts";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { gflops, percent } from "../format.ts";
import { wholeNumber } from "../whole-number.ts";

interface Options extends ApiOptions {
  readonly kind: string;
  readonly seconds: string;
  readonly segmentSteps: string;
  readonly compare: boolean;
  readonly trackLearningRate: string;
  readonly trackBatchSize: string;
  readonly trackWidth: string;
  readonly trackEpochs: string;
}

export function benchmarkCommand(context: CliContext): Command {
  return addApiOptions(new Command("benchmark"))
    .description(
      "measure this machine: train runs the baseline and an open track and predicts the rating, search hashes",
    )
    .option("--kind <kind>", "train or search", "train")
    .option("--seconds <n>", "length of the window, or of each algorithm, 0.1 to 3600", "10")
    .option("--segment-steps <n>", "optimizer steps per segment, 1 to 100000", "250")
    .option(
      "--compare",
      "show where this machine would stand among the nodes of the network",
      false,
    )
    .option("--track-learning-rate <n>", "of the open track, millionths; 0: the task's own", "0")
    .option("--track-batch-size <n>", "rows per step; 0: the task's own", "0")
    .option("--track-width <n>", "units of the hidden layer; 0: the task's own", "0")
    .option("--track-epochs <n>", "0: the task's own", "0")
    .action(async (options: Options, command: Command) => {
      const seconds = numberOf("seconds", options.seconds, 0.1, 3600);
      if (options.kind === "search") {
        refuseTrainingOptions(command);
        const { runSearchBenchmark, showSearchBenchmark } = await import("../benchmark/search.ts");
        showSearchBenchmark(await runSearchBenchmark(seconds, context), context);
        return;
      }
      if (options.kind !== "train") {
        throw usageError(
          "kind",
          `${JSON.stringify(options.kind)} is neither train nor search`,
          "e.g. --kind search",
        );
      }
      const steps = Math.floor(numberOf("segmentSteps", options.segmentSteps, 1, 100_000));
      const recipe = {
        learningRate: wholeNumber("trackLearningRate", options.trackLearningRate),
        batchSize: wholeNumber("trackBatchSize", options.trackBatchSize),
        width: wholeNumber("trackWidth", options.trackWidth),
        epochs: wholeNumber("trackEpochs", options.trackEpochs),
      };
      // The node is asked first: a run takes long, and would be lost if the node did not answer.
      const network = options.compare ? await networkOf(options, context) : undefined;
      const run = await runBenchmark({ seconds, stepsPerSegment: steps, recipe }, context);
      show(run, network, context);
    });
}

const TRAINING_OPTIONS = [
  "segmentSteps",
  "compare",
  "trackLearningRate",
  "trackBatchSize",
  "trackWidth",
  "trackEpochs",
] as const;

/** @throws CliError BAD_ARGUMENT */
function refuseTrainingOptions(command: Command): void {
  for (const name of TRAINING_OPTIONS) {
    if (command.getOptionValueSource(name) !== "cli") continue;
    throw usageError(name, "a search has no such setting", "leave it out, or use --kind train");
  }
}

async function networkOf(options: Options, context: CliContext): Promise<readonly NodeJson[]> {
  return (await (await connect(options, context)).nodes()).nodes;
}

function show(
  run: BenchmarkRun,
  network: readonly NodeJson[] | undefined,
  { output }: CliContext,
): void {
  const { capacity, accuracy, energy, factors } = run;
  const place = network === undefined ? undefined : placeAmong(run, network);
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model ?? "unknown" };
  output.result({ ...run, ...machine, ...(place && { network: place }) }, () => {
    const watts = Number(energy.millijoules) / 1000 / run.seconds;
    const uncertainty = `±${Math.round(100 * energy.uncertainty)} %`;
    output.table(
      ["factor", "value", "comes from"],
      [
        [
          "capacity",
          `${gflops(capacity)} GFLOP/s`,
          "this run; on the chain windows, spot-checked bit by bit",
        ],
        ["quality", factors.quality.toFixed(3), trackText(run)],
        [
          "reliability",
          factors.reliability.toFixed(2),
          "one verified window: 1 / 11, half after ten",
        ],
        [
          "energy",
          factors.energy.toFixed(3),
          `self-reported: ${watts.toFixed(1)} W by ${energy.source}, ${uncertainty}`,
        ],
        ["freshness", factors.freshness.toFixed(2), "just measured; halves every half-life"],
        ["first rating", gflops(run.firstRating), "product of the above, quality still 1"],
        [
          "settled rating",
          gflops(run.settledRating),
          "with this quality, and reliability 0.84, where it settles",
        ],
      ],
    );
    output.line(
      `\n${run.segments} segments of ${run.stepsPerSegment} steps in ${run.seconds} s on one thread of ` +
        `${machine.cores} (${machine.cpu}); accuracy of the task ${percent(accuracy)}, which no factor takes.`,
    );
    if (run.disturbed !== undefined) {
      output.line(
        `Less than this machine can do: ${run.disturbed}, in the best of ${run.runs} runs. End them and measure again.`,
      );
    }
    if (place !== undefined) {
      const { quality } = place;
      output.line(
        `Capacity among the ${place.nodes} rated nodes of the network: place ${place.place}, ` +
          `median ${gflops(place.median)} GFLOP/s, highest ${gflops(place.highest)} GFLOP/s.`,
      );
      output.line(
        `Quality among them: place ${quality.place}, median ${quality.median.toFixed(3)}, ` +
          `highest ${quality.highest.toFixed(3)}; 1 is a node without a score of the open track.`,
      );
    }
  });
}

function trackText({ track }: BenchmarkRun): string {
  const { accuracy, precision, recall, f1, reference } = track;
  const { learningRate, batchSize, width, epochs } = track.recipe;
  const recipe = `rate ${learningRate / 1e6}, batch ${batchSize}, width ${width}, epochs ${epochs}`;
  const scores = `accuracy ${percent(accuracy)}, precision ${percent(precision)}, recall ${percent(recall)}`;
  return `one open track here: F1 ${f1.toFixed(3)} / ${reference.toFixed(3)} (${scores}; ${recipe})`;
}

interface Place<T> {
  readonly place: number;
  readonly median: T;
  readonly highest: T;
}

interface NetworkPlace extends Place<bigint> {
  readonly nodes: number;
  readonly quality: Place<number>;
}

function placeAmong(run: BenchmarkRun, nodes: readonly NodeJson[]): NetworkPlace {
  const rated = nodes.filter((node) => BigInt(node.capacity) > 0n);
  const capacities = rated.map((node) => BigInt(node.capacity));
  const qualities = rated.map((node) => node.factors.quality / 1e6);
  return {
    nodes: rated.length,
    ...placeOf(run.capacity, capacities, 0n),
    quality: placeOf(run.factors.quality, qualities, 1),
  };
}

/** @param none the text for median and maximum of an empty network */
function placeOf<T extends bigint | number>(own: T, others: readonly T[], none: T): Place<T> {
  const falling = others.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  return {
    place: 1 + falling.filter((one) => one > own).length,
    median: falling[falling.length >> 1] ?? none,
    highest: falling[0] ?? none,
  };
}

function numberOf(field: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw usageError(field, `${JSON.stringify(text)} is not between ${least} and ${most}`, "e.g. 10");
}
