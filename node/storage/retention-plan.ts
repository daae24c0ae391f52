/**
 * Decides which files of jobs leave this node's disk. Pure: its input is what is stored, what jobs need, and what the
 * owner allows; its output is what to remove, and why. docs/operations.md explains the rule.
 */
import { type ByKind, byKind, type StorageKind } from "./kinds.ts";

export interface StoredFile {
  readonly kind: StorageKind;
  /** Name of the file or folder within the folder of its kind. */
  readonly name: string;
  /** Number of files in it: at least 1 for a folder. */
  readonly files: number;
  readonly bytes: number;
  /** Time in Unix milliseconds when it was last written, or its retention was renewed. */
  readonly touchedAt: number;
  /**
   * Its name in jobs, in hex: for a torrent that of its dataset or model, for a run that of its job. Default: `name`.
   */
  readonly of?: string;
}

/** The files of a settled job that others may want: its model, and the data on which it was trained. */
export interface SettledFiles {
  /** Job id, hex. */
  readonly job: string;
  readonly settledAt: number;
  /** Names of files of any kind. */
  readonly names: readonly string[];
}

export interface FileNeeds {
  /** Names of files that unsettled jobs need, or that the owner imported. */
  readonly needed: ReadonlySet<string>;
  readonly settled: readonly SettledFiles[];
}

export interface RetentionRule {
  /** How long the files of a settled job are kept. */
  readonly keepMs: number;
  /** How long all other files are kept: updates, parameters of past rounds, orders that were not opened. */
  readonly keepOtherMs: number;
  /** If a kind is over its quota, its files are removed early. */
  readonly quotaBytes: ByKind<number>;
}

export type RemovalReason = "old" | "settled-long-ago" | "over-quota" | "low-disk";

export interface Removal {
  readonly file: StoredFile;
  readonly reason: RemovalReason;
  /** The settled job to which the model or data belonged. */
  readonly job?: string;
}

/** The files of a kind that stay. */
export interface KeptKind {
  readonly files: number;
  readonly bytes: number;
  /** The part of the bytes that no rule removes: of open jobs, imported, or in use. */
  readonly neededBytes: number;
  /** The file that was used longest ago. */
  readonly oldest: KeptFile | undefined;
}

export interface KeptFile {
  readonly name: string;
  readonly touchedAt: number;
  /**
   * Time in Unix milliseconds at which it is removed, unless its kind is over its quota; undefined: as long as it is
   * needed.
   */
  readonly until: number | undefined;
  readonly job: string | undefined;
}

export interface RetentionPlan {
  readonly removals: readonly Removal[];
  readonly kept: ByKind<KeptKind>;
}

/** A file younger than this may belong to an order or a round that this node has not seen in a block yet. */
export const GRACE_MS = 10 * 60_000;

/** Kinds that other code removes: windows with the next window; uploads once they are imported, or idle for a day. */
const KEPT_BY_OWNERS: readonly StorageKind[] = ["windows", "uploads"];
/** Kinds that may belong to a settled job: its model, its data, and the torrents that share them. */
const LEFT_BY_JOBS: readonly StorageKind[] = ["blobs", "datasets", "models", "torrents"];

/** What happens to a file if nothing is over its quota. */
interface Fate {
  readonly file: StoredFile;
  readonly owner: SettledFiles | undefined;
  readonly until: number | undefined;
}

/**
 * @param shortBytes to free in addition, ahead of time
 * @param now Unix milliseconds
 */
export function planRetention(
  files: readonly StoredFile[],
  needs: FileNeeds,
  rule: RetentionRule,
  { now, shortBytes = 0 }: { readonly now: number; readonly shortBytes?: number },
): RetentionPlan {
  const removals = new Map<StoredFile, Removal>();
  const bytes = byKind(() => 0);
  for (const file of files) bytes[file.kind] += file.bytes;
  let freed = 0;
  const remove = ({ file, owner }: Fate, reason: RemovalReason): void => {
    removals.set(file, { file, reason, ...(owner !== undefined && { job: owner.job }) });
    bytes[file.kind] -= file.bytes;
    freed += file.bytes;
  };
  const fates = fatesOf(files, needs, rule);
  const mayGo: Fate[] = [];
  for (const fate of fates) {
    const { file, owner, until } = fate;
    if (until === undefined || now - file.touchedAt < GRACE_MS) continue;
    if (now >= until) remove(fate, owner === undefined ? "old" : "settled-long-ago");
    else mayGo.push(fate);
  }
  mayGo.sort(leavesBefore);
  for (const fate of mayGo) {
    const { kind } = fate.file;
    if (bytes[kind] > rule.quotaBytes[kind]) remove(fate, "over-quota");
  }
  for (const fate of mayGo) {
    if (freed >= shortBytes) break;
    if (!removals.has(fate.file)) remove(fate, "low-disk");
  }
  const stays = fates.filter(({ file }) => !removals.has(file));
  return {
    removals: [...removals.values()],
    kept: byKind((kind) => keptOf(stays.filter(({ file }) => file.kind === kind))),
  };
}

function fatesOf(
  files: readonly StoredFile[],
  { needed, settled }: FileNeeds,
  { keepMs, keepOtherMs }: RetentionRule,
): Fate[] {
  const present = new Set(files.map(({ name, of = name }) => of));
  /** If several jobs had a file, the one settled last. */
  const ownerOf = new Map<string, SettledFiles>();
  for (const job of settled) {
    for (const name of job.names) {
      if (!present.has(name)) continue;
      const other = ownerOf.get(name);
      if (other === undefined || other.settledAt <= job.settledAt) ownerOf.set(name, job);
    }
  }
  return files.map((file) => {
    const { kind, name, touchedAt, of = name } = file;
    const owner = LEFT_BY_JOBS.includes(kind) ? ownerOf.get(of) : undefined;
    if (KEPT_BY_OWNERS.includes(kind) || needed.has(of)) {
      return { file, owner, until: undefined };
    }
    const until =
      owner === undefined ? touchedAt + keepOtherMs : Math.max(owner.settledAt, touchedAt) + keepMs;
    return { file, owner, until };
  });
}

/** Files that belong to no settled job go first, oldest first; then those of the job settled longest ago. */
function leavesBefore(a: Fate, b: Fate): number {
  if (a.owner === undefined || b.owner === undefined) {
    if (a.owner !== b.owner) return a.owner === undefined ? -1 : 1;
    return a.file.touchedAt - b.file.touchedAt;
  }
  return a.owner.settledAt - b.owner.settledAt;
}

function keptOf(fates: readonly Fate[]): KeptKind {
  let oldest: Fate | undefined;
  for (const fate of fates) {
    if (oldest === undefined || fate.file.touchedAt < oldest.file.touchedAt) oldest = fate;
  }
  return {
    files: fates.reduce((sum, { file }) => sum + file.files, 0),
    bytes: sumOf(fates),
    neededBytes: sumOf(fates.filter(({ until }) => until === undefined)),
    oldest: oldest && {
      name: oldest.file.name,
      touchedAt: oldest.file.touchedAt,
      until: oldest.until,
      job: oldest.owner?.job,
    },
  };
}

function sumOf(fates: readonly Fate[]): number {
  return fates.reduce((sum, { file }) => sum + file.bytes, 0);
}
