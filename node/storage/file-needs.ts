/** What the jobs of a chain need of the files on this disk. Pure. */
import { toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { State } from "../../chain/state/state.ts";
import type { Job } from "../../chain/types/job.ts";
import type { FileNeeds, SettledFiles } from "./retention-plan.ts";

/** Settled jobs looked through, newest first; older ones are past any time to keep them. */
const MAX_SETTLED = 100_000;

/** @param imported ids of the datasets that the owner imported */
export function fileNeeds(
  state: Pick<State, "jobs" | "height" | "parameters" | "meta">,
  imported: readonly string[],
): FileNeeds {
  const needed = new Set(imported);
  const settled: SettledFiles[] = [];
  for (const [, job] of state.jobs.activeEntries()) {
    for (const name of openNames(job)) needed.add(name);
  }
  const oldest = Math.max(0, state.jobs.length - MAX_SETTLED);
  for (let index = oldest; index < state.jobs.length; index++) {
    const job = state.jobs.at(index);
    if (phaseOf(job) !== "settled") continue;
    const since = (state.height - job.closedAt) * state.parameters.blockIntervalMs;
    const settledAt = Number(state.meta.time) - since;
    settled.push({ job: toHex(job.id), settledAt, names: settledNames(job) });
  }
  return { needed, settled };
}

/** Everything a job under way may still ask for. */
function openNames({ id, spec, parameters, participants, audits }: Job): string[] {
  return [
    id,
    spec.model,
    spec.dataset,
    spec.torrent,
    spec.initialParameters,
    parameters,
    ...participants.map(({ updateHash }) => updateHash),
    ...audits.flatMap((audit) => [audit.parameters, audit.updateHash]),
  ].map(toHex);
}

function settledNames({ id, spec, parameters }: Job): string[] {
  return [id, spec.model, spec.dataset, spec.torrent, parameters].map(toHex);
}
