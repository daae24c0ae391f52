/** Jobs, rounds and participants as tables. */
import type { JobDetail, JobSummary, RoundJson } from "../../api/contract/job.ts";
import type { OptimizerJson } from "../../api/contract/optimizer.ts";
import { mebibytes, percent, poml, seconds } from "../format.ts";
import type { Output } from "../output.ts";

/** How the job stands in one or two words. */
export function outcomeWord({ outcome, phase }: Pick<JobSummary, "outcome" | "phase">): string {
  if (outcome.state === "running") return phase;
  return outcome.state === "undrawn" ? "not drawn" : outcome.state;
}

/** The same while it is followed, with how far its round is. */
export function stateText(job: JobDetail): string {
  const { outcome, phase, round, rounds, participants } = job;
  if (outcome.state !== "running") {
    return phase === "settled"
      ? outcomeWord(job)
      : `${outcomeWord(job)}, audits and payment under way`;
  }
  if (round === 0) return phase;
  const committed = participants.filter((p) => p.committed).length;
  return `${phase}, round ${round} of ${rounds}, ${committed} of ${participants.length} updates`;
}

export function showJob(output: Output, job: JobDetail): void {
  const { spec, settlement } = job;
  output.fields({
    job: job.id,
    name: job.name,
    client: job.client,
    outcome: `${outcomeWord(job)}, ${job.recordedRounds} of ${job.rounds} rounds recorded`,
    reason: job.outcome.reason,
    ...(job.outcome.remedy === undefined ? {} : { try: output.hints.text(job.outcome.remedy) }),
    training: `${spec.engine} engine, ${spec.localEpochs} epochs a round, batch ${spec.batchSize}, ${optimizerText(spec.optimizer)}, loss ${spec.loss}`,
    data: `${spec.trainRows} rows in ${spec.trainChunks} chunks, ${spec.partition}; ${spec.testRows} test rows`,
    audits: auditsOf(job),
    ...(job.team.length === 0
      ? {}
      : {
          team: job.team.map(({ name, active }) => (active ? `${name} (active)` : name)).join(", "),
        }),
    escrow: `${poml(job.escrow)} POML`,
    ...(settlement === undefined
      ? {}
      : {
          settlement: `participants ${poml(settlement.participants)}, managers ${poml(settlement.managers)}, auditors ${poml(settlement.auditors)}, fee ${poml(settlement.fee)}, refund ${poml(settlement.refund)}${settlement.burned === "0" ? "" : `, burned ${poml(settlement.burned)}`} POML`,
        }),
  });
  if (job.participants.length === 0) return;
  output.line();
  output.table(
    ["participant", "rounds", "verified", "samples", "missed", "earned POML"],
    job.participants.map((p) => [
      p.name,
      p.paidRounds,
      p.fault === undefined ? p.verifiedRounds : `${p.fault} in round ${p.faultRound}`,
      p.paidSamples,
      p.missed,
      poml(p.earned),
    ]),
  );
  if (job.auditors.length === 0) return;
  output.line();
  output.table(
    ["auditor", "segments", "earned POML"],
    job.auditors.map(({ name, segments, earned }) => [name, segments, poml(earned)]),
  );
}

/** `adam (learningRate 0.001, beta1 0.9, …)`; what is 0 is left out. */
function optimizerText({ kind, ...settings }: OptimizerJson): string {
  const named = Object.entries(settings).filter(([, value]) => value !== 0);
  return `${kind} (${named.map(([name, value]) => `${name} ${value}`).join(", ")})`;
}

function auditsOf({ audited, audits }: JobDetail): string {
  if (!audited) return "none: what this engine did cannot be verified";
  const open = audits.length === 0 ? "" : `; ${audits.length} under way`;
  return `a part of every update is replayed by others${open}`;
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
