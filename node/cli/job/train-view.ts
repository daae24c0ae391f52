/** Shows training jobs: rounds with their metrics, participants with their samples. */
import type { AggregationJson, ServerJson } from "../../api/contract/jobs/aggregation.ts";
import type { OptimizerJson } from "../../api/contract/jobs/optimizer.ts";
import { shellQuote } from "../../shell-quote.ts";
import { mebibytes, percent, poml, seconds } from "../format.ts";
import type { JobView } from "./view.ts";

export const TRAIN_VIEW: JobView<"train"> = {
  working: "training",
  orderCommand: "npx poml job submit",
  downloaded: "Model and certificate are",

  progress: ({ recordedRounds, rounds }) => `${recordedRounds} of ${rounds} rounds`,

  result: ({ metrics }) => (metrics === undefined ? "-" : percent(metrics.accuracy)),

  share: ({ progress }) => progress,

  roundState({ round, rounds, participants }) {
    const committed = participants.filter((one) => one.committed).length;
    return `round ${round} of ${rounds}, ${committed} of ${participants.length} updates`;
  },

  fields: ({ spec }) => ({
    training: `${spec.engine} engine, ${spec.localEpochs} epochs a round, batch ${spec.batchSize}, ${optimizerText(spec.optimizer)}, loss ${spec.loss}`,
    merging: `${aggregationText(spec.aggregation)}; server ${optimizerText(spec.server)}`,
    data: `${spec.trainRows} rows in ${spec.trainChunks} chunks, ${spec.partition}; ${spec.testRows} test rows`,
  }),

  showParticipants: (output, { participants }) =>
    output.table(
      ["participant", "rounds", "verified", "samples", "missed", "earned POML"],
      participants.map((one) => [
        one.name,
        one.paidRounds,
        one.fault === undefined ? one.verifiedRounds : `${one.fault} in round ${one.faultRound}`,
        one.paidSamples,
        one.missed,
        poml(one.earned),
      ]),
    ),

  showRounds: (output, rounds) =>
    output.table(
      ["round", "accuracy", "loss", "precision", "recall", "F1", "updates", "bytes", "time"],
      rounds.map(({ round, metrics, contributions, durationMs }) => [
        round,
        percent(metrics.accuracy),
        metrics.loss.toFixed(4),
        percent(metrics.precision),
        percent(metrics.recall),
        percent(metrics.f1),
        contributions.length,
        mebibytes(contributions.reduce((sum, { updateBytes }) => sum + updateBytes, 0)),
        seconds(durationMs),
      ]),
    ),

  roundLine: ({ round, metrics, contributions, durationMs }) =>
    `round ${round}: accuracy ${percent(metrics.accuracy)}, loss ${metrics.loss.toFixed(4)}, ${contributions.length} updates, ${seconds(durationMs)}`,

  showNext: (output, { id, name }) =>
    output.command(
      "Fetch the model with: ",
      `npx poml job result ${id.slice(0, 12)} --out ${shellQuote(name)}`,
    ),
};

/** `krum (hostile 0.25, bucket 2)` */
function aggregationText({ rule, ...settings }: AggregationJson): string {
  const used = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return `${rule} (${used.join(", ")})`;
}

/** `adam (learningRate 0.001, beta1 0.9, …)`; settings that are 0 are left out. */
function optimizerText({ kind, ...settings }: OptimizerJson | ServerJson): string {
  const named = Object.entries(settings).filter(([, value]) => value !== 0);
  return `${kind} (${named.map(([name, value]) => `${name} ${value}`).join(", ")})`;
}
