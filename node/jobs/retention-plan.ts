/**
 * Which files of jobs leave this node's disk. Pure: what lies there, what jobs need it and what the owner
 * allows go in; what leaves, and why, comes out. docs/operations.md tells the rule in words.
 */

export interface StoredFile {
  /** blob: one file; dataset, model: a folder. */
  readonly kind: "blob" | "dataset" | "model";
  /** Hex. */
  readonly name: string;
  readonly bytes: number;
  /** Unix milliseconds of when it was last written or asked to be kept. */
  readonly touchedAt: number;
}

/** What a settled job leaves to whoever comes for it: its model, and the data it was trained on. */
export interface SettledFiles {
  /** Job id, hex. */
  readonly job: string;
  readonly settledAt: number;
  /** Names of files of any kind. */
  readonly names: readonly string[];
}

export interface FileNeeds {
  /** Names of files that jobs which are not settled need, or that the owner imported. */
  readonly needed: ReadonlySet<string>;
  readonly settled: readonly SettledFiles[];
}

export interface RetentionRule {
  /** How long the files of a settled job stay. */
  readonly keepMs: number;
  /** How long everything else stays: updates, parameters of passed rounds, orders that were not opened. */
  readonly keepOtherMs: number;
  /** For all files together; over it, files leave before their time. */
  readonly quotaBytes: number;
}

export interface Removal {
  readonly file: StoredFile;
  readonly reason: "old" | "settled-long-ago" | "over-quota";
  /** Of whose model or data it was the last copy here. */
  readonly job?: string;
}

export interface RetentionPlan {
  readonly removals: readonly Removal[];
  /** Bytes that stay. */
  readonly bytes: number;
}

/** A file so young may belong to an order or a round that this node has not seen in a block yet. */
export const GRACE_MS = 10 * 60_000;

export function planRetention(
  files: readonly StoredFile[],
  { needed, settled }: FileNeeds,
  rule: RetentionRule,
  now: number,
): RetentionPlan {
  /** By the job that was settled last of those that had it. */
  const ownerOf = new Map<string, SettledFiles>();
  for (const job of settled.toSorted((a, b) => a.settledAt - b.settledAt)) {
    for (const name of job.names) ownerOf.set(name, job);
  }
  const removals: Removal[] = [];
  const others: StoredFile[] = [];
  const kept: { file: StoredFile; owner: SettledFiles }[] = [];
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const remove = (removal: Removal): void => {
    removals.push(removal);
    bytes -= removal.file.bytes;
  };
  for (const file of files) {
    if (needed.has(file.name) || now - file.touchedAt < GRACE_MS) continue;
    const owner = ownerOf.get(file.name);
    if (owner !== undefined) {
      const isOld = now - Math.max(owner.settledAt, file.touchedAt) >= rule.keepMs;
      if (isOld) remove({ file, reason: "settled-long-ago", job: owner.job });
      else kept.push({ file, owner });
    } else if (now - file.touchedAt >= rule.keepOtherMs) remove({ file, reason: "old" });
    else others.push(file);
  }
  for (const file of others.toSorted((a, b) => a.touchedAt - b.touchedAt)) {
    if (bytes <= rule.quotaBytes) break;
    remove({ file, reason: "over-quota" });
  }
  for (const { file, owner } of kept.toSorted((a, b) => a.owner.settledAt - b.owner.settledAt)) {
    if (bytes <= rule.quotaBytes) break;
    remove({ file, reason: "over-quota", job: owner.job });
  }
  return { removals, bytes };
}
