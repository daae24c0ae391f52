/** Which files on this disk the jobs of a chain need. */
import { setImmediate as pause } from "node:timers/promises";
import { toHex } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import type { Job } from "../../chain/types/job.ts";
import { workloadOf } from "../../chain/workload/workloads.ts";
import type { SettledJobs, SettledSummary } from "../store/settled-entries.ts";
import type { FileNeeds, SettledFiles, StoredFile } from "./retention-plan.ts";

/** The parts of a chain that this needs. */
export interface NeedsChain {
  readonly state: Pick<State, "jobs" | "height" | "parameters" | "meta">;
  readonly store: { readonly settled: Pick<SettledJobs, "summaries"> };
}

/** Number of settled jobs that are examined, newest first; older ones are past any retention time. */
const MAX_SETTLED = 100_000;
/** Number of them that are examined before other work gets its turn. */
const PER_TURN = 1000;

/**
 * @param files those on this disk; a settled job without any of them is left out
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
  // Again, because jobs may have been opened meanwhile, and jobs that were settled meanwhile are missing in both lists.
  addOpen(chain, needed);
  return { needed, settled };
}

function addOpen({ state }: NeedsChain, needed: Set<string>): void {
  for (const [, job] of state.jobs.activeEntries()) {
    for (const name of openNames(job)) needed.add(name);
  }
}

/** All files that a current job may still request. */
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

/**
 * The first six bytes as a number: with half a million names as text this would take a second, in which the node could
 * not vote.
 */
function startOf(hash: Uint8Array): number {
  let start = 0;
  for (let i = 0; i < 6; i++) start = start * 256 + (hash[i] ?? 0);
  return start;
}

function startOfHex(name: string): number {
  return Number.parseInt(name.slice(0, 12), 16);
}
