/** Prints jobs of any kind as fields and tables; the view of each kind adds what differs. */
import type { JobDetail, JobSummary, RoundJson } from "../../api/contract/jobs/job.ts";
import { poml } from "../format.ts";
import type { Output } from "../output.ts";
import { viewOf } from "./views.ts";

/** The state of the job in one or two words. */
export function outcomeWord({
  kind,
  outcome,
  phase,
}: Pick<JobSummary, "kind" | "outcome" | "phase">): string {
  if (outcome.state === "running") return phaseWord(kind, phase);
  return outcome.state === "undrawn" ? "not drawn" : outcome.state;
}

/** The same with the progress of the current round, for a job that is being followed. */
export function stateText(job: JobDetail): string {
  const { kind, outcome, phase, round } = job;
  if (outcome.state !== "running") {
    return phase === "settled"
      ? outcomeWord(job)
      : `${outcomeWord(job)}, audits and payment under way`;
  }
  return round === 0 ? phase : `${phaseWord(kind, phase)}, ${viewOf(job).roundState(job)}`;
}

function phaseWord(kind: JobSummary["kind"], phase: string): string {
  return phase === "training" ? viewOf({ kind }).working : phase;
}

export function showJob(output: Output, job: JobDetail): void {
  const { settlement } = job;
  const view = viewOf(job);
  output.fields({
    job: job.id,
    name: job.name,
    client: job.client,
    outcome: `${outcomeWord(job)}, ${view.progress(job)} recorded`,
    reason: job.outcome.reason,
    ...(job.outcome.remedy === undefined ? {} : { try: output.hints.text(job.outcome.remedy) }),
    ...view.fields(job),
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
          settlement: `participants ${poml(settlement.participants)}, managers ${poml(settlement.managers)}, auditors ${poml(settlement.auditors)}, fee ${poml(settlement.fee)}, refund ${poml(settlement.refund)}${settlement.bonus === "0" ? "" : `, bonus ${poml(settlement.bonus)}`}${settlement.burned === "0" ? "" : `, burned ${poml(settlement.burned)}`} POML`,
        }),
  });
  if (job.participants.length === 0) return;
  output.line();
  view.showParticipants(output, job);
  if (job.auditors.length === 0) return;
  output.line();
  output.table(
    ["auditor", "segments", "earned POML"],
    job.auditors.map(({ name, segments, earned }) => [name, segments, poml(earned)]),
  );
}

function auditsOf({ audited, audits }: JobDetail): string {
  if (!audited) return "none: what this engine did cannot be verified";
  const open = audits.length === 0 ? "" : `; ${audits.length} under way`;
  return `a part of every update is replayed by others${open}`;
}

export function showRounds(output: Output, rounds: readonly RoundJson[], job: JobDetail): void {
  viewOf(job).showRounds(output, rounds, job);
}

export function roundLine(round: RoundJson, job: JobDetail): string {
  return viewOf(job).roundLine(round, job);
}
