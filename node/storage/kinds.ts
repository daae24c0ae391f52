/** The kinds of files of jobs in a data directory. Each has its own quota (`quota` in the settings). */
export const STORAGE_KINDS = [
  "blobs",
  "datasets",
  "models",
  "checkpoints",
  "searches",
  "leases",
  "windows",
  "uploads",
  "torrents",
] as const;

export type StorageKind = (typeof STORAGE_KINDS)[number];

export type ByKind<T> = Readonly<Record<StorageKind, T>>;

export function byKind<T>(of: (kind: StorageKind) => T): Record<StorageKind, T> {
  const entries = STORAGE_KINDS.map((kind) => [kind, of(kind)] as const);
  return Object.fromEntries(entries) as Record<StorageKind, T>;
}
