/** What the jobs of a chain need of the files on this disk. Pure. */
import { toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { State } from "../../chain/state/state.ts";
import type { Job } from "../../chain/types/job.ts";
import type { FileNeeds, SettledFiles, StoredFile } from "./retention-plan.ts";

/** Settled jobs looked through, newest first; older ones are past any time to keep them. */
const MAX_SETTLED = 100_000;

/**
 * @param files those on this disk: a settled job that left none of them is left out
 * @param imported ids of the datasets that the owner imported
 */
export function fileNeeds(
  state: Pick<State, "jobs" | "height" | "parameters" | "meta">,
  files: readonly Pick<StoredFile, "name" | "of">[],
  imported: readonly string[],
): FileNeeds {
  const here = new Set(files.map(({ name, of = name }) => startOfHex(of)));
  const needed = new Set(imported);
  const settled: SettledFiles[] = [];
  for (const [, job] of state.jobs.activeEntries()) {
    for (const name of openNames(job)) needed.add(name);
  }
  const oldest = Math.max(0, state.jobs.length - MAX_SETTLED);
  for (let index = oldest; index < state.jobs.length; index++) {
    const job = state.jobs.at(index);
    if (phaseOf(job) !== "settled") continue;
    const hashes = settledHashes(job);
    if (!hashes.some((hash) => here.has(startOf(hash)))) continue;
    const since = (state.height - job.closedAt) * state.parameters.blockIntervalMs;
    const settledAt = Number(state.meta.time) - since;
    settled.push({ job: toHex(job.id), settledAt, names: hashes.map(toHex) });
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

function settledHashes({ id, spec, parameters }: Job): Uint8Array[] {
  return [id, spec.model, spec.dataset, spec.torrent, parameters];
}

/** The first six bytes as a number: half a million names as text would take a second, in which nothing is voted. */
function startOf(hash: Uint8Array): number {
  let start = 0;
  for (let i = 0; i < 6; i++) start = start * 256 + (hash[i] ?? 0);
  return start;
}

function startOfHex(name: string): number {
  return Number.parseInt(name.slice(0, 12), 16);
}
