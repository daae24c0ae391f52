/** Jobs, rounds and participants as tables. */
import type { JobDetail, RoundJson } from "../../api/contract/job.ts";
import { mebibytes, percent, poml, seconds } from "../format.ts";
import type { Output } from "../output.ts";

export function showJob(output: Output, job: JobDetail): void {
  const { spec, settlement } = job;
  output.fields({
    job: job.id,
    name: job.name,
    client: job.client,
    phase: `${job.phase}, round ${job.round} of ${job.rounds}`,
    training: `${spec.engine} engine, ${spec.localEpochs} epochs a round, batch ${spec.batchSize}, learning rate ${spec.learningRate}, momentum ${spec.momentum}`,
    data: `${spec.trainRows} rows in ${spec.trainChunks} chunks, ${spec.partition}; ${spec.testRows} test rows`,
    team: job.team.map(({ name, active }) => (active ? `${name} (active)` : name)).join(", "),
    escrow: `${poml(job.escrow)} POML`,
    ...(settlement === undefined
      ? {}
      : {
          settlement: `participants ${poml(settlement.participants)}, managers ${poml(settlement.managers)}, fee ${poml(settlement.fee)}, refund ${poml(settlement.refund)} POML`,
        }),
  });
  output.line();
  output.table(
    ["participant", "rounds", "samples", "missed", "earned POML"],
    job.participants.map((p) => [p.name, p.paidRounds, p.paidSamples, p.missed, poml(p.earned)]),
  );
}

export function showRounds(output: Output, rounds: readonly RoundJson[]): void {
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
  );
}

export function roundLine({ round, metrics, contributions, durationMs }: RoundJson): string {
  return `round ${round}: accuracy ${percent(metrics.accuracy)}, loss ${metrics.loss.toFixed(4)}, ${contributions.length} updates, ${seconds(durationMs)}`;
}
