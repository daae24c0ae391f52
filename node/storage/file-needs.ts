/** What the jobs of a chain need of the files on this disk. */
import { setImmediate as pause } from "node:timers/promises";
import { toHex } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import type { Job } from "../../chain/types/job.ts";
import { workloadOf } from "../../chain/workload/workloads.ts";
import type { SettledJobs, SettledSummary } from "../store/settled-entries.ts";
import type { FileNeeds, SettledFiles, StoredFile } from "./retention-plan.ts";

/** The parts of a chain this needs. */
export interface NeedsChain {
  readonly state: Pick<State, "jobs" | "height" | "parameters" | "meta">;
  readonly store: { readonly settled: Pick<SettledJobs, "summaries"> };
}

/** Settled jobs looked through, newest first; older ones are past any time to keep them. */
const MAX_SETTLED = 100_000;
/** Of these, as many as are looked at before others have a turn. */
const PER_TURN = 1000;

/**
 * @param files those on this disk: a settled job that left none of them is left out
 * @param imported ids of the datasets that the owner imported
 */
export async function fileNeeds(
  chain: NeedsChain,
  files: readonly Pick<StoredFile, "name" | "of">[],
  imported: readonly string[],
): Promise<FileNeeds> {
  const here = new Set(files.map(({ name, of = name }) => startOfHex(of)));
  const needed = new Set(imported);
  const settled: SettledFiles[] = [];
  addOpen(chain, needed);
  const { height, jobs, meta, parameters } = chain.state;
  const from = Math.max(0, jobs.length - MAX_SETTLED);
  let looked = 0;
  for await (const [, summary] of chain.store.settled.summaries(from, jobs.length)) {
    if (++looked % PER_TURN === 0) await pause();
    const hashes = settledHashes(summary);
    if (!hashes.some((hash) => here.has(startOf(hash)))) continue;
    const since = (height - summary.closedAt) * parameters.blockIntervalMs;
    const settledAt = Number(meta.time) - since;
    settled.push({ job: toHex(summary.id), settledAt, names: hashes.map(toHex) });
  }
  // Again: jobs may have been opened meanwhile, and those that were settled meanwhile are in none of the two.
  addOpen(chain, needed);
  return { needed, settled };
}

function addOpen({ state }: NeedsChain, needed: Set<string>): void {
  for (const [, job] of state.jobs.activeEntries()) {
    for (const name of openNames(job)) needed.add(name);
  }
}

/** Everything a job under way may still ask for. */
function openNames(job: Job): string[] {
  const { id, spec, participants, audits } = job;
  return [
    id,
    ...workloadOf(spec).files(job),
    ...participants.map(({ updateHash }) => updateHash),
    ...audits.flatMap((audit) => [audit.base, audit.updateHash]),
  ].map(toHex);
}

function settledHashes(summary: SettledSummary): Uint8Array[] {
  return [summary.id, ...summary.files];
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
